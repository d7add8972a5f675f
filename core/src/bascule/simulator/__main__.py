"""`python -m bascule.simulator`."""

import sys

from bascule.simulator.server import main

sys.exit(main())
