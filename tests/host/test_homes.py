"""What a killed driver leaves behind, the next one removes; what a living one uses stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from bascule.host.homes import PREFIX, Home, sweep

DRIVER = """
import sys, time
from bascule.host.homes import Home
home = Home()
print(home.path, flush=True)
time.sleep(60)
"""


def test_only_what_a_dead_driver_left_is_removed(tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    driver = subprocess.Popen([sys.executable, "-c", DRIVER], env=env, stdout=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    path = Path(driver.stdout.readline().strip())
    (path / "deep").mkdir()
    (path / "deep" / "file").write_text("x")
    somebody = tmp_path / f"{PREFIX}link"
    somebody.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    try:
        assert sweep(tmp_path) == ()
        assert path.is_dir()
    finally:
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        driver.stdout.close()
    assert sweep(tmp_path) == (str(path),)
    assert not path.exists()
    assert somebody.is_symlink()
    assert (tmp_path / "elsewhere").is_dir()


def test_a_home_goes_when_it_is_removed() -> None:
    home = Home()
    assert Path(home.path).is_dir()
    home.remove()
    assert not Path(home.path).exists()
