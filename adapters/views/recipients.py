"""Registers of who is heard, in lists."""

from adapters.views.lists import ListView
from domain.recipients import ConsultationRegister

VIEW = ListView(name="recipients", kind=ConsultationRegister)
