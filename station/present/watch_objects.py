"""The objects that BlueZ reads when a program offers a Bluetooth service.

See its doc/org.bluez.GattService.rst and others. dbus-fast reads the D-Bus types out of the
annotations, so they are strings of D-Bus and not of Python.
"""
# mypy: disable-error-code="valid-type,name-defined,no-untyped-def,misc,untyped-decorator"
# ruff: noqa: F722, F821

from collections.abc import Callable

from dbus_fast import PropertyAccess
from dbus_fast.service import ServiceInterface, dbus_property

try:
    from dbus_fast.service import dbus_method
except ImportError:  # its name of old, as in Debian 12
    from dbus_fast.service import method as dbus_method


class Service(ServiceInterface):
    def __init__(self, uuid: str) -> None:
        super().__init__("org.bluez.GattService1")
        self._uuid = uuid

    @dbus_property(PropertyAccess.READ)
    def UUID(self) -> "s":
        return self._uuid

    @dbus_property(PropertyAccess.READ)
    def Primary(self) -> "b":
        return True


class Characteristic(ServiceInterface):
    def __init__(self, uuid: str, service: str, flags: list[str], value: bytes) -> None:
        super().__init__("org.bluez.GattCharacteristic1")
        self._uuid, self._service, self._flags, self._value = uuid, service, flags, value
        self._heard = False

    def tell(self, value: bytes) -> None:
        """The new value, to everybody who asked to be told."""
        self._value = value
        if self._heard:
            self.emit_properties_changed({"Value": value})

    @dbus_property(PropertyAccess.READ)
    def UUID(self) -> "s":
        return self._uuid

    @dbus_property(PropertyAccess.READ)
    def Service(self) -> "o":
        return self._service

    @dbus_property(PropertyAccess.READ)
    def Flags(self) -> "as":
        return self._flags

    @dbus_property(PropertyAccess.READ)
    def Value(self) -> "ay":
        return self._value

    @dbus_method()
    def ReadValue(self, options: "a{sv}") -> "ay":
        return self._value

    @dbus_method()
    def StartNotify(self):
        self._heard = True

    @dbus_method()
    def StopNotify(self):
        self._heard = False


class Advertisement(ServiceInterface):
    """`released` is called when BlueZ takes it away by itself."""

    def __init__(self, name: str, service: str, released: Callable[[], None]) -> None:
        super().__init__("org.bluez.LEAdvertisement1")
        self._name, self._service, self._released = name, service, released

    @dbus_property(PropertyAccess.READ)
    def Type(self) -> "s":
        return "peripheral"

    @dbus_property(PropertyAccess.READ)
    def ServiceUUIDs(self) -> "as":
        return [self._service]

    @dbus_property(PropertyAccess.READ)
    def LocalName(self) -> "s":
        return self._name

    @dbus_property(PropertyAccess.READ)
    def Discoverable(self) -> "b":
        # Without it the flags say that this is not to be found, and many programs then do not
        # list it.
        return True

    @dbus_method()
    def Release(self):
        self._released()
