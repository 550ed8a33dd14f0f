"""What flies through the air in the machine of bluetooth.py, by Google's `bumble`: the radio of the
machine's own kernel, treadmills, and watches, all linked with each other.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from typing import Any

from bumble.controller import Controller
from bumble.core import UUID, AdvertisingData
from bumble.device import Device, Peer
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.hci import (
    Address,
    HCI_ErrorCode,
    HCI_LE_Connection_Complete_Event,
    HCI_StatusReturnParameters,
    LeFeatureMask,
    OwnAddressType,
)
from bumble.host import Host
from bumble.link import LocalLink
from bumble.ll import AdvExtInd, AdvInd
from bumble.transport import open_transport
from bumble.transport.common import AsyncPipeSink

FITNESS_MACHINE, FEATURE, TREADMILL_DATA, CONTROL_POINT = 0x1826, 0x2ACC, 0x2ACD, 0x2AD9
RSC, RSC_MEASUREMENT, RSC_FEATURE = 0x1814, 0x2A53, 0x2A54
# Subscribing is no write to the treadmill, nor is what BlueZ itself says of its own GATT.
NOT_COUNTED = (UUID.from_16_bits(0x2902), UUID.from_16_bits(0x2B29))
trace: deque[str] = deque(maxlen=60)  # what hosts said to their controllers last
KERNEL_ADDRESS = "00:1A:7D:DA:71:13"


class Link(LocalLink):
    """bumble's own takes every word for one from the sender's random address; Linux connects from
    its public one.
    """

    def send_acl_data(self, sender_controller: Any, destination_address: Any, transport: Any, data: bytes) -> None:
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self.find_le_controller(destination_address)
        if connection is not None and receiver is not None:
            asyncio.get_running_loop().call_soon(receiver.on_link_acl_data, connection.self_address, transport, data)


class Radio(Controller):
    """bumble's own never ends a try to connect that its host gives up."""

    def on_hci_packet(self, packet: Any) -> None:
        trace.append(f"{self.name} {' '.join(str(packet).split())[:140]}")
        super().on_hci_packet(packet)

    def on_hci_le_create_connection_cancel_command(self, command: Any) -> Any:
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is not None:
            self.send_hci_packet(
                HCI_LE_Connection_Complete_Event(
                    status=HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
                    connection_handle=0,
                    role=0,
                    peer_address_type=pending.peer_address_type,
                    peer_address=pending.peer_address,
                    connection_interval=0,
                    peripheral_latency=0,
                    supervision_timeout=0,
                    central_clock_accuracy=0,
                )
            )
        return HCI_StatusReturnParameters(HCI_ErrorCode.SUCCESS)

    def send_advertising_pdu(self, packet: Any) -> None:
        """With the answer to an active scan, which bumble's own never sends."""
        answers = [one.scan_response_data for one in self.advertising_sets.values() if one.address == packet.advertiser_address]
        if isinstance(packet, AdvInd):
            answers = [self.le_legacy_advertiser.scan_response_data]
        if isinstance(packet, AdvInd | AdvExtInd):
            packet.data += b"".join(answers)
        super().send_advertising_pdu(packet)


class Air:
    """`await open()` gives the kernel its controller; it is hci0 from then on."""

    def __init__(self) -> None:
        self.link = Link()

    async def open(self) -> None:
        self._vhci = await open_transport("vhci")
        self._radio = Radio(
            "kernel", host_source=self._vhci.source, host_sink=self._vhci.sink, link=self.link, public_address=KERNEL_ADDRESS
        )
        # With them Linux waits for another event of a new connection, which bumble never sends.
        self._radio.le_features &= ~(LeFeatureMask.LE_EXTENDED_ADVERTISING | LeFeatureMask.LL_PRIVACY)

    async def close(self) -> None:
        self.link.remove_controller(self._radio)
        await self._vhci.close()

    def device(self, name: str, address: str) -> Device:
        controller = Radio(name, link=self.link)
        return Device(name=name, address=Address(address), host=Host(controller, AsyncPipeSink(controller)))


class Treadmill:
    """A treadmill with the Fitness Machine Service; without a `belt` another machine that has it.
    `writes` are those that changed anything but whether it notifies.
    """

    def __init__(self, air: Air, name: str, address: str, belt: bool = True) -> None:
        self.name, self.address, self.writes = name, address, []
        self.device = air.device(name, address)
        self._data = Characteristic(UUID.from_16_bits(TREADMILL_DATA), Characteristic.Properties.NOTIFY, 0, b"")
        control = Characteristic(
            UUID.from_16_bits(CONTROL_POINT),
            Characteristic.Properties.WRITE | Characteristic.Properties.INDICATE,
            Characteristic.WRITEABLE,
            CharacteristicValue(write=lambda _, value: self.writes.append(bytes(value))),
        )
        feature = Characteristic(
            UUID.from_16_bits(FEATURE), Characteristic.Properties.READ, Characteristic.READABLE, struct.pack("<II", 0x100C, 3)
        )
        self.device.add_service(Service(UUID.from_16_bits(FITNESS_MACHINE), [feature, *([self._data] if belt else []), control]))
        self._count_writes()
        self.connections = 0
        self.device.on("connection", self._connected)

    def _count_writes(self) -> None:
        server = self.device.gatt_server
        for call in ("on_att_write_request", "on_att_write_command", "on_att_prepare_write_request"):
            inner = getattr(server, call)

            def counted(bearer: Any, request: Any, inner: Any = inner) -> Any:
                attribute = server.get_attribute(request.attribute_handle)
                if attribute is None or attribute.type not in NOT_COUNTED:
                    self.writes.append(bytes(request))
                return inner(bearer, request)

            setattr(server, call, counted)

    def _connected(self, _: Any) -> None:
        self.connections += 1

    @property
    def listeners(self) -> int:
        return len(self.device.connections)

    async def switch_on(self, service: bool = True) -> None:
        """`service`: whether the advertisement names the service, as the standard asks for."""
        await self.device.power_on()
        await self.advertise(service)

    async def advertise(self, service: bool = True) -> None:
        data = [(AdvertisingData.FLAGS, bytes([6])), (AdvertisingData.COMPLETE_LOCAL_NAME, self.name.encode())]
        if service:
            uuids = struct.pack("<H", FITNESS_MACHINE)
            data.append((AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, uuids))
        await self.device.start_advertising(
            own_address_type=OwnAddressType.RANDOM,
            auto_restart=True,
            advertising_data=bytes(AdvertisingData(data)),
            advertising_interval_min=100,
            advertising_interval_max=100,
        )

    async def switch_off(self) -> None:
        await self.device.stop_advertising()
        for connection in list(self.device.connections.values()):
            await connection.disconnect()

    async def send(self, payload: bytes) -> None:
        await self.device.notify_subscribers(self._data, payload)


class Watch:
    """A watch that looks for a foot pod, connects, and listens."""

    def __init__(self, air: Air, name: str, address: str) -> None:
        self.device = air.device(name, address)
        self.heard: list[bytes] = []
        self.seen: dict[str, Any] = {}
        self.device.on("advertisement", self._advertised)

    def _advertised(self, one: Any) -> None:
        uuids = one.data.get(AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS) or []
        if UUID.from_16_bits(RSC) in uuids:
            self.seen = {
                "address": one.address,
                "name": one.data.get(AdvertisingData.COMPLETE_LOCAL_NAME),
                "flags": int(one.data.get(AdvertisingData.FLAGS) or 0),
                "connectable": one.is_connectable,
            }

    async def look(self, seconds: float) -> dict[str, Any]:
        self.seen = {}
        await self.device.start_scanning(active=True)
        end = asyncio.get_running_loop().time() + seconds
        while not self.seen and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.2)
        await self.device.stop_scanning()
        return self.seen

    async def connect(self) -> bytes | None:
        """Connects to the one it saw, subscribes, and gives what the feature says; None when the
        service is not there.
        """
        self.connection = await self.device.connect(self.seen["address"], timeout=30)
        self.peer = Peer(self.connection)
        await self.peer.discover_services()
        services = [one for one in self.peer.services if one.uuid == UUID.from_16_bits(RSC)]
        if not services:
            return None
        await services[0].discover_characteristics()
        by_uuid = {one.uuid: one for one in services[0].characteristics}
        measurement = by_uuid[UUID.from_16_bits(RSC_MEASUREMENT)]
        await measurement.discover_descriptors()
        await measurement.subscribe(lambda value: self.heard.append(bytes(value)))
        return bytes(await by_uuid[UUID.from_16_bits(RSC_FEATURE)].read_value())

    async def leave(self) -> None:
        await self.connection.disconnect()
