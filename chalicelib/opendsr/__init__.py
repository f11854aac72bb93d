"""OpenDSR 2.0: requests that partners, as controllers, submit for their people."""
