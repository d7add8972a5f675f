"""Grafana: dashboards as JSON, and the provisioning of data sources."""
