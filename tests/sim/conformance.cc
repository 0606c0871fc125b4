#include "sim/conformance.h"

namespace switchback {

const std::string conformance_table = R"(
adopt adopt.dc.app not_done done done done done
adopt adopt.dc.db not_done done done done done
adopt adopt.dr.app not_done done done done done
adopt adopt.dr.db not_done done done done done
adopt claim.publish.dc.app not_done done done done done
adopt claim.publish.dc.db not_done done done done done
adopt claim.publish.dr.app not_done done done done done
adopt claim.publish.dr.db not_done done done done done
adopt status.dc.app not_done done done done done
adopt status.dc.db not_done done done done done
adopt status.dr.app not_done done done done done
adopt status.dr.db not_done done done done done
abort address.lower_ttl not_done done done done done undone:not_done
abort attachments.access - done - done -
abort attachments.bulk - done - done -
abort attachments.sync not_done done done done done
abort database.checkpoint - done - done -
abort database.hold not_done done done done done
abort database.stop not_done done done done done undone:not_done
abort services.stop not_done done done done done undone:not_done
switchover address.lower_ttl not_done done done done done
switchover address.point not_done done done done done
switchover address.restore_ttl not_done done done done done
switchover attachments.access - done - done -
switchover attachments.bulk - done - done -
switchover attachments.compare - done - done -
switchover attachments.follow not_done done done done done
switchover attachments.sync not_done done done done done
switchover claim.publish.dc.app not_done done done done done
switchover claim.publish.dc.db not_done done done done done
switchover claim.publish.dr.app not_done done done done done
switchover claim.publish.dr.db not_done done done done done
switchover database.checkpoint - done - done -
switchover database.hold done done done done done
switchover database.mark - done - done -
switchover database.promote not_done done done done done
switchover database.release - done - done -
switchover database.start_standby not_done done done done done
switchover database.stop not_done done done done done
switchover services.start not_done done done done done
switchover services.stop not_done done done done done
switchover status.dc.app not_done done done done done
switchover status.dc.db not_done done done done done
switchover status.dr.app not_done done done done done
switchover status.dr.db not_done done done done done
failback address.lower_ttl not_done done done done done
failback address.point not_done done done done done
failback address.restore_ttl not_done done done done done
failback attachments.access - done - done -
failback attachments.bulk - done - done -
failback attachments.compare - done - done -
failback attachments.follow not_done done done done done
failback attachments.sync not_done done done done done
failback claim.publish.dc.app not_done done done done done
failback claim.publish.dc.db not_done done done done done
failback claim.publish.dr.app not_done done done done done
failback claim.publish.dr.db not_done done done done done
failback database.checkpoint - done - done -
failback database.hold not_done done done done done
failback database.mark - done - done -
failback database.promote not_done done done done done
failback database.release - done - done -
failback database.start_standby not_done done done done done
failback database.stop not_done done done done done
failback services.start not_done done done done done
failback services.stop not_done done done done done
failback status.dc.app not_done done done done done
failback status.dc.db not_done done done done done
failback status.dr.app not_done done done done done
failback status.dr.db not_done done done done done
release release.dc.app not_done done done done done
release release.dc.db not_done done done done done
release release.dr.app not_done done done done done
release release.dr.db not_done done done done done
)";

}  // namespace switchback
