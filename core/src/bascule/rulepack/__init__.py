"""Rulepacks: schema, strict loading, binding, extension, JSON Schema."""
