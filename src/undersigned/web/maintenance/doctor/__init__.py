"""The doctor: checks that a data directory is complete and consistent. Changes nothing."""

from undersigned.web.maintenance.doctor.examine import examine
from undersigned.web.maintenance.finding import Finding

__all__ = ["Finding", "examine"]
