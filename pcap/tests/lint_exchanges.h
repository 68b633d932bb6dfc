/* Exchanges that break nothing, a PDU a line: an optional connection, its direction, its kind, and what
 * differs from an empty header (the steps of rig_lint_change). */
#ifndef PCAP_LINT_EXCHANGES_H
#define PCAP_LINT_EXCHANGES_H

#include <stddef.h>

#define NAMES "++InitiatorName=iqn.2026-01.example:i ++TargetName=iqn.2026-01.example:t"
#define ASK "> Login T=1 ISID=80:00:00:00:00:01 ITT=0x10 CID=1 CmdSN=100 "
#define TELL "< LoginResp T=1 ISID=80:00:00:00:00:01 ITT=0x10 ExpCmdSN=100 MaxCmdSN=110 "
#define ONE_STEP ASK "CSG=1 NSG=3 " NAMES " "
#define ONE_ANSWER TELL "CSG=1 NSG=3 TSIH=7 StatSN=500 ++TargetPortalGroupTag=1 "

/* Read, write, ping, abort, reset, discovery, an event, a Reject, logout; R2T for all but immediate data. */
static const char *const plain[] = {
    "! connect",
    ASK "CSG=0 NSG=1 " NAMES " ++SessionType=Normal ++AuthMethod=CHAP,None",
    TELL "CSG=0 NSG=1 StatSN=500 ++TargetPortalGroupTag=1 ++AuthMethod=None",
    ASK "CSG=1 NSG=3 ExpStatSN=501 ++HeaderDigest=CRC32C,None ++MaxConnections=4 ++InitialR2T=Yes "
        "++ImmediateData=Yes ++MaxRecvDataSegmentLength=1024 ++MaxBurstLength=4096 ++FirstBurstLength=1024 "
        "++DefaultTime2Wait=2 ++DefaultTime2Retain=20 ++MaxOutstandingR2T=8 ++ErrorRecoveryLevel=2 "
        "++DataSequenceInOrder=Yes",
    TELL "CSG=1 NSG=3 TSIH=7 StatSN=501 ++HeaderDigest=None ++MaxConnections=1 ++InitialR2T=Yes "
         "++ImmediateData=Yes ++MaxRecvDataSegmentLength=1024 ++MaxBurstLength=2048 ++FirstBurstLength=1024 "
         "++DefaultTime2Wait=2 ++DefaultTime2Retain=20 ++MaxOutstandingR2T=1 ++ErrorRecoveryLevel=0 "
         "++DataSequenceInOrder=Yes",
    /* 5: read, with less than asked for */
    "> ScsiCmd F=1 R=1 Attr=simple LUN=1 ITT=0x11 EDTL=3072 CmdSN=100 ExpStatSN=502 CDB=read-10(blocks=6)",
    "< DataIn F=0 ITT=0x11 ExpCmdSN=101 MaxCmdSN=111 DataSN=0 BufferOffset=0 len=1024",
    "< DataIn F=1 ITT=0x11 ExpCmdSN=101 MaxCmdSN=111 DataSN=1 BufferOffset=1024 len=1024",
    "< DataIn F=1 ITT=0x11 ExpCmdSN=101 MaxCmdSN=111 DataSN=2 BufferOffset=2048 len=512",
    "< ScsiResp U=1 Residual=512 ITT=0x11 StatSN=502 ExpCmdSN=101 MaxCmdSN=111 ExpDataSN=3",
    /* 10: write with immediate data and two R2Ts */
    "> ScsiCmd F=1 W=1 LUN=1 ITT=0x12 EDTL=3072 CmdSN=101 ExpStatSN=503 CDB=write-10(blocks=6) len=512",
    "< R2T LUN=1 ITT=0x12 TTT=0x5 StatSN=503 ExpCmdSN=102 MaxCmdSN=112 R2TSN=0 BufferOffset=512 "
    "DesiredLength=2048",
    "> DataOut F=0 LUN=1 ITT=0x12 TTT=0x5 ExpStatSN=503 DataSN=0 BufferOffset=512 len=1024",
    "> DataOut F=1 LUN=1 ITT=0x12 TTT=0x5 ExpStatSN=503 DataSN=1 BufferOffset=1536 len=1024",
    "< R2T LUN=1 ITT=0x12 TTT=0x6 StatSN=503 ExpCmdSN=102 MaxCmdSN=112 R2TSN=1 BufferOffset=2560 "
    "DesiredLength=512",
    "> DataOut F=1 LUN=1 ITT=0x12 TTT=0x6 ExpStatSN=503 DataSN=0 BufferOffset=2560 len=512",
    "< ScsiResp ITT=0x12 StatSN=503 ExpCmdSN=102 MaxCmdSN=112",
    /* 17: status with the data */
    "> ScsiCmd F=1 R=1 LUN=1 ITT=0x13 EDTL=512 CmdSN=102 ExpStatSN=504 CDB=inquiry(alloc=512)",
    "< DataIn F=1 S=1 Status=GOOD ITT=0x13 StatSN=504 ExpCmdSN=103 MaxCmdSN=113 DataSN=0 BufferOffset=0 "
    "len=512",
    /* 19: a status with sense data */
    "> ScsiCmd F=1 LUN=1 ITT=0x14 EDTL=0 CmdSN=103 ExpStatSN=505 CDB=test-unit-ready",
    "< ScsiResp Status=CHECK-CONDITION ITT=0x14 StatSN=505 ExpCmdSN=104 MaxCmdSN=114 len=20 data@1=18 "
    "data@2=0x70",
    /* 21: pings, both ways */
    "> NopOut I=0 ITT=0x15 CmdSN=104 ExpStatSN=506 len=4 data@0=7",
    "< NopIn ITT=0x15 StatSN=506 ExpCmdSN=105 MaxCmdSN=115 len=4 data@0=7",
    "< NopIn TTT=0x9 LUN=1 StatSN=507 ExpCmdSN=105 MaxCmdSN=115",
    "> NopOut I=1 TTT=0x9 LUN=1 CmdSN=105 ExpStatSN=507",
    /* 25: a command that is aborted, and a reset */
    "> ScsiCmd F=1 R=1 LUN=1 ITT=0x16 EDTL=512 CmdSN=105 ExpStatSN=507 CDB=read-10(blocks=1)",
    "> TmfReq I=1 Function=abort-task LUN=1 ITT=0x17 RefTag=0x16 CmdSN=106 ExpStatSN=507 RefCmdSN=105",
    "< TmfResp Response=complete ITT=0x17 StatSN=507 ExpCmdSN=106 MaxCmdSN=116",
    "> TmfReq I=1 Function=lun-reset LUN=1 ITT=0x18 CmdSN=106 ExpStatSN=508",
    "< TmfResp Response=complete ITT=0x18 StatSN=508 ExpCmdSN=106 MaxCmdSN=116",
    /* 30: text that needs two answers */
    "> TextReq F=1 ITT=0x19 CmdSN=106 ExpStatSN=509 ++SendTargets=",
    "< TextResp F=0 ITT=0x19 TTT=0x20 StatSN=509 ExpCmdSN=107 MaxCmdSN=117 "
    "++TargetName=iqn.2026-01.example:t "
    "++TargetAddress=192.0.2.1:3260,1",
    "> TextReq F=1 ITT=0x19 TTT=0x20 CmdSN=107 ExpStatSN=510",
    "< TextResp F=1 ITT=0x19 StatSN=510 ExpCmdSN=108 MaxCmdSN=118 ++TargetAddress=192.0.2.2:3260,1",
    /* 34: an event, a Reject, the end */
    "< Async ITT=none Event=logout-request Parameter3=10 StatSN=511 ExpCmdSN=108 MaxCmdSN=118",
    "> NopOut I=1 ITT=0x1a CmdSN=108 ExpStatSN=512",
    "< Reject ITT=none Reason=too-many-immediate StatSN=512 ExpCmdSN=108 MaxCmdSN=118 len=48 data@0=0x40 "
    "data@1=0x80 data@19=0x1a",
    "> Logout Reason=close-session ITT=0x1b CmdSN=108 ExpStatSN=513",
    "< LogoutResp Response=closed ITT=0x1b StatSN=513 ExpCmdSN=109 MaxCmdSN=119 Time2Wait=2",
    "! close",
    NULL,
};

/* Unsolicited data of two commands, two R2Ts at a time, and a write that awaits its R2T. */
static const char *const unsolicited[] = {
    "! connect",
    ONE_STEP
    "++InitialR2T=No ++ImmediateData=No ++MaxBurstLength=16384 ++FirstBurstLength=1024 ++MaxOutstandingR2T=2 "
    "++MaxRecvDataSegmentLength=16384",
    ONE_ANSWER "++InitialR2T=No ++ImmediateData=No ++MaxBurstLength=16384 ++FirstBurstLength=1024 "
               "++MaxOutstandingR2T=2",
    "> ScsiCmd F=0 W=1 LUN=1 ITT=0x11 EDTL=2048 CmdSN=100 ExpStatSN=501 CDB=write-10(blocks=4)",
    "> ScsiCmd F=0 W=1 LUN=1 ITT=0x12 EDTL=512 CmdSN=101 ExpStatSN=501 CDB=write-10(blocks=1)",
    "> DataOut F=0 ITT=0x11 ExpStatSN=501 DataSN=0 BufferOffset=0 len=512",
    "> DataOut F=1 ITT=0x11 ExpStatSN=501 DataSN=1 BufferOffset=512 len=512",
    "> DataOut F=1 ITT=0x12 ExpStatSN=501 DataSN=0 BufferOffset=0 len=512",
    "< R2T LUN=1 ITT=0x11 TTT=0x5 StatSN=501 ExpCmdSN=102 MaxCmdSN=112 R2TSN=0 BufferOffset=1024 "
    "DesiredLength=512",
    "< R2T LUN=1 ITT=0x11 TTT=0x6 StatSN=501 ExpCmdSN=102 MaxCmdSN=112 R2TSN=1 BufferOffset=1536 "
    "DesiredLength=512",
    /* 10 */
    "> DataOut F=1 LUN=1 ITT=0x11 TTT=0x5 ExpStatSN=501 DataSN=0 BufferOffset=1024 len=512",
    "> DataOut F=1 LUN=1 ITT=0x11 TTT=0x6 ExpStatSN=501 DataSN=0 BufferOffset=1536 len=512",
    "< ScsiResp ITT=0x12 StatSN=501 ExpCmdSN=102 MaxCmdSN=112",
    "< ScsiResp ITT=0x11 Status=BUSY StatSN=502 ExpCmdSN=102 MaxCmdSN=112",
    "> ScsiCmd F=1 W=1 LUN=1 ITT=0x13 EDTL=512 CmdSN=102 ExpStatSN=503 CDB=write-10(blocks=1)",
    "< R2T LUN=1 ITT=0x13 TTT=0x7 StatSN=503 ExpCmdSN=103 MaxCmdSN=113 R2TSN=0 BufferOffset=0 "
    "DesiredLength=512",
    "> DataOut F=1 LUN=1 ITT=0x13 TTT=0x7 ExpStatSN=503 DataSN=0 BufferOffset=0 len=512",
    "< ScsiResp ITT=0x13 StatSN=503 ExpCmdSN=103 MaxCmdSN=113",
    /* 18: as much as was declared */
    "> ScsiCmd F=1 R=1 LUN=1 ITT=0x14 EDTL=16384 CmdSN=103 ExpStatSN=504 CDB=read-10(blocks=32)",
    "< DataIn F=1 S=1 ITT=0x14 StatSN=504 ExpCmdSN=104 MaxCmdSN=114 DataSN=0 BufferOffset=0 len=16384",
    NULL,
};

/* Recovery within a command, at level 2 of RFC 7144: acknowledged data, all kinds of SNACK, a reassignment.
 */
static const char *const recovery[] = {
    "! connect",
    ONE_STEP "++ErrorRecoveryLevel=1 ++iSCSIProtocolLevel=2 ++MaxBurstLength=4096 ++FirstBurstLength=1024 "
             "++MaxOutstandingR2T=4",
    ONE_ANSWER "++ErrorRecoveryLevel=1 ++iSCSIProtocolLevel=2 ++MaxBurstLength=4096 ++FirstBurstLength=1024 "
               "++MaxOutstandingR2T=1",
    "> ScsiCmd F=1 R=1 LUN=1 ITT=0x11 EDTL=1024 CmdSN=100 ExpStatSN=501 CDB=read-10(blocks=2)",
    "< DataIn F=1 A=1 LUN=1 ITT=0x11 TTT=0x30 ExpCmdSN=101 MaxCmdSN=111 DataSN=0 BufferOffset=0 len=512",
    "> Snack Type=data-ack LUN=1 SnackTag=0x30 ExpStatSN=501 BegRun=1",
    "> Snack Type=data-r2t LUN=1 ITT=0x11 ExpStatSN=501 BegRun=1 RunLength=1",
    "> Snack Type=status ExpStatSN=501 BegRun=501 RunLength=1",
    "> Snack Type=r-data LUN=1 ITT=0x11 SnackTag=0x31 ExpStatSN=501",
    "> TmfReq I=1 Function=task-reassign ITT=0x12 RefTag=0x11 CmdSN=101 ExpStatSN=501",
    NULL,
};

/* Above level 0 what comes again counts once: Data-In of a read, a status, an R2T, and after an R-Data SNACK
 * all of it; then the tag is free. */
static const char *const again[] = {
    "! connect",
    ONE_STEP "++ErrorRecoveryLevel=1",
    ONE_ANSWER "++ErrorRecoveryLevel=1",
    "> ScsiCmd F=1 R=1 LUN=1 ITT=0x11 EDTL=1536 CmdSN=100 ExpStatSN=501 CDB=read-10(blocks=3)",
    "< DataIn F=0 ITT=0x11 ExpCmdSN=101 MaxCmdSN=111 DataSN=0 BufferOffset=0 len=512",
    "< DataIn F=0 ITT=0x11 ExpCmdSN=101 MaxCmdSN=111 DataSN=1 BufferOffset=512 len=512",
    "> Snack Type=data-r2t LUN=1 ITT=0x11 ExpStatSN=501 BegRun=0 RunLength=1",
    "< DataIn F=1 ITT=0x11 ExpCmdSN=101 MaxCmdSN=111 DataSN=2 BufferOffset=1024 len=512",
    "< DataIn F=0 ITT=0x11 ExpCmdSN=101 MaxCmdSN=111 DataSN=0 BufferOffset=0 len=512",
    "< ScsiResp ITT=0x11 StatSN=501 ExpCmdSN=101 MaxCmdSN=111 ExpDataSN=3",
    /* 10 */
    "< DataIn F=0 ITT=0x11 ExpCmdSN=101 MaxCmdSN=111 DataSN=1 BufferOffset=512 len=512",
    "> Snack Type=status ExpStatSN=501 BegRun=501 RunLength=1",
    "< ScsiResp ITT=0x11 StatSN=501 ExpCmdSN=101 MaxCmdSN=111 ExpDataSN=3",
    "> ScsiCmd F=1 W=1 LUN=1 ITT=0x12 EDTL=512 CmdSN=101 ExpStatSN=502 CDB=write-10(blocks=1)",
    "< R2T LUN=1 ITT=0x12 TTT=0x5 StatSN=502 ExpCmdSN=102 MaxCmdSN=112 R2TSN=0 BufferOffset=0 "
    "DesiredLength=512",
    "> Snack Type=data-r2t LUN=1 ITT=0x12 ExpStatSN=502 BegRun=0 RunLength=1",
    "< R2T LUN=1 ITT=0x12 TTT=0x5 StatSN=502 ExpCmdSN=102 MaxCmdSN=112 R2TSN=0 BufferOffset=0 "
    "DesiredLength=512",
    "< Reject ITT=none Reason=snack-reject StatSN=502 ExpCmdSN=102 MaxCmdSN=112 len=48 data@0=0x10 "
    "data@1=0x80 data@19=0x12",
    "> DataOut F=1 LUN=1 ITT=0x12 TTT=0x5 ExpStatSN=503 DataSN=0 BufferOffset=0 len=512",
    "< ScsiResp ITT=0x12 StatSN=503 ExpCmdSN=102 MaxCmdSN=112",
    /* 20 */
    "> ScsiCmd F=1 R=1 LUN=1 ITT=0x13 EDTL=512 CmdSN=102 ExpStatSN=504 CDB=read-10(blocks=1)",
    "< DataIn F=1 ITT=0x13 ExpCmdSN=103 MaxCmdSN=113 DataSN=0 BufferOffset=0 len=512",
    "> Snack Type=r-data LUN=1 ITT=0x13 SnackTag=0x31 ExpStatSN=504",
    "< ScsiResp ITT=0x13 StatSN=504 ExpCmdSN=103 MaxCmdSN=113 ExpDataSN=1",
    "< DataIn F=1 ITT=0x13 ExpCmdSN=103 MaxCmdSN=113 DataSN=0 BufferOffset=0 len=512",
    "< ScsiResp ITT=0x13 SnackTag=0x31 StatSN=504 ExpCmdSN=103 MaxCmdSN=113 ExpDataSN=1",
    "> ScsiCmd F=1 LUN=1 ITT=0x13 EDTL=0 CmdSN=103 ExpStatSN=505 CDB=test-unit-ready",
    "< ScsiResp ITT=0x13 StatSN=505 ExpCmdSN=104 MaxCmdSN=114",
    NULL,
};

/* At level 2 one of two connections is lost, and its task goes on with the other one. */
static const char *const halves[] = {
    "! connect",
    ONE_STEP "++MaxConnections=2 ++ErrorRecoveryLevel=2",
    ONE_ANSWER "++MaxConnections=2 ++ErrorRecoveryLevel=2",
    "1! connect",
    "1> Login T=1 CSG=1 NSG=3 ISID=80:00:00:00:00:01 TSIH=7 ITT=0x10 CID=2 CmdSN=100 " NAMES,
    "1< LoginResp T=1 CSG=1 NSG=3 ISID=80:00:00:00:00:01 TSIH=7 ITT=0x10 StatSN=800 ExpCmdSN=100 "
    "MaxCmdSN=110 ++TargetPortalGroupTag=1",
    "> ScsiCmd F=1 LUN=1 ITT=0x11 EDTL=0 CmdSN=100 ExpStatSN=501 CDB=test-unit-ready",
    "< ScsiResp ITT=0x11 StatSN=501 ExpCmdSN=101 MaxCmdSN=111",
    "1> ScsiCmd F=1 LUN=1 ITT=0x12 EDTL=0 CmdSN=101 ExpStatSN=801 CDB=test-unit-ready",
    "1! close",
    /* 10: the status of the connection that is gone comes on this one */
    "> TmfReq I=1 Function=abort-task LUN=1 ITT=0x13 RefTag=0x12 CmdSN=102 ExpStatSN=502 RefCmdSN=101",
    "< ScsiResp ITT=0x12 StatSN=502 ExpCmdSN=102 MaxCmdSN=112",
    "< TmfResp Response=no-such-task ITT=0x13 StatSN=503 ExpCmdSN=102 MaxCmdSN=112",
    NULL,
};

/* Two connections of a session. */
static const char *const two[] = {
    "! connect",
    ONE_STEP "++MaxConnections=2",
    ONE_ANSWER "++MaxConnections=2",
    "1! connect",
    "1> Login T=1 CSG=1 NSG=3 ISID=80:00:00:00:00:01 TSIH=7 ITT=0x10 CID=2 CmdSN=100 " NAMES,
    "1< LoginResp T=1 CSG=1 NSG=3 ISID=80:00:00:00:00:01 TSIH=7 ITT=0x10 StatSN=800 ExpCmdSN=100 "
    "MaxCmdSN=110 "
    "++TargetPortalGroupTag=1",
    "> ScsiCmd F=1 R=1 LUN=1 ITT=0x11 EDTL=512 CmdSN=100 ExpStatSN=501 CDB=read-10(blocks=1)",
    "1> ScsiCmd F=1 W=1 LUN=1 ITT=0x12 EDTL=512 CmdSN=101 ExpStatSN=801 CDB=write-10(blocks=1)",
    "< DataIn F=1 S=1 ITT=0x11 StatSN=501 ExpCmdSN=102 MaxCmdSN=112 DataSN=0 BufferOffset=0 len=512",
    "1< R2T LUN=1 ITT=0x12 TTT=0x5 StatSN=801 ExpCmdSN=102 MaxCmdSN=112 R2TSN=0 BufferOffset=0 "
    "DesiredLength=512",
    /* 10 */
    "1> DataOut F=1 LUN=1 ITT=0x12 TTT=0x5 ExpStatSN=801 DataSN=0 BufferOffset=0 len=512",
    "1< ScsiResp ITT=0x12 StatSN=801 ExpCmdSN=102 MaxCmdSN=112",
    "1> ScsiCmd F=1 R=1 LUN=1 ITT=0x13 EDTL=512 CmdSN=102 ExpStatSN=802 CDB=read-10(blocks=1)",
    "1> TmfReq I=1 Function=abort-task LUN=1 ITT=0x14 RefTag=0x13 CmdSN=103 ExpStatSN=802 RefCmdSN=102",
    "1< TmfResp Response=complete ITT=0x14 StatSN=802 ExpCmdSN=103 MaxCmdSN=113",
    /* 15: both are in the air together, and come the other way round */
    "1> ScsiCmd F=1 LUN=1 ITT=0x15 EDTL=0 CmdSN=104 ExpStatSN=803 CDB=test-unit-ready",
    "> ScsiCmd F=1 LUN=1 ITT=0x16 EDTL=0 CmdSN=103 ExpStatSN=502 CDB=test-unit-ready",
    "1< ScsiResp ITT=0x15 StatSN=803 ExpCmdSN=105 MaxCmdSN=115",
    "< ScsiResp ITT=0x16 StatSN=502 ExpCmdSN=105 MaxCmdSN=115",
    /* 19: one of them goes */
    "> Logout Reason=close-connection CID=1 ITT=0x17 CmdSN=105 ExpStatSN=503",
    "> NopOut I=1 CmdSN=106 ExpStatSN=503",
    "< LogoutResp ITT=0x17 StatSN=503 ExpCmdSN=106 MaxCmdSN=116",
    "1< NopIn StatSN=804 ExpCmdSN=106 MaxCmdSN=116",
    NULL,
};

/* A login in parts, both ways. */
static const char *const parts[] = {
    "! connect",
    "> Login T=0 C=1 CSG=1 ISID=80:00:00:00:00:01 ITT=0x10 CID=1 CmdSN=100 len=9",
    "< LoginResp T=0 CSG=1 ISID=80:00:00:00:00:01 ITT=0x10 StatSN=500 ExpCmdSN=100 MaxCmdSN=110",
    ONE_STEP "ExpStatSN=501",
    "< LoginResp T=0 C=1 CSG=1 ISID=80:00:00:00:00:01 ITT=0x10 StatSN=501 ExpCmdSN=100 MaxCmdSN=110 len=9",
    ASK "CSG=1 NSG=3 ExpStatSN=502",
    TELL "CSG=1 NSG=3 TSIH=7 StatSN=502 ++TargetPortalGroupTag=1",
    NULL,
};

/* Lengths negotiated in full feature phase, once in parts; a ping. */
static const char *const talk[] = {
    "! connect",
    ONE_STEP,
    ONE_ANSWER,
    "> TextReq F=1 ITT=0x11 CmdSN=100 ExpStatSN=501 ++MaxRecvDataSegmentLength=16384",
    "< TextResp F=1 ITT=0x11 StatSN=501 ExpCmdSN=101 MaxCmdSN=111 ++MaxRecvDataSegmentLength=16384",
    "> TextReq F=0 C=1 I=1 ITT=0x12 CmdSN=101 ExpStatSN=502 len=9",
    "< TextResp F=0 ITT=0x12 TTT=0x40 StatSN=502 ExpCmdSN=101 MaxCmdSN=111",
    "> TextReq F=1 I=1 ITT=0x12 TTT=0x40 CmdSN=101 ExpStatSN=503",
    "< TextResp F=1 ITT=0x12 StatSN=503 ExpCmdSN=101 MaxCmdSN=111",
    "< NopIn TTT=0x9 LUN=1 StatSN=504 ExpCmdSN=101 MaxCmdSN=111",
    "> NopOut I=1 TTT=0x9 LUN=1 CmdSN=101 ExpStatSN=504",
    /* 11: the target asks for it */
    "< Async ITT=none Event=negotiation-request Parameter3=10 StatSN=504 ExpCmdSN=101 MaxCmdSN=111",
    "> TextReq F=1 ITT=0x14 CmdSN=101 ExpStatSN=505",
    "< TextResp F=1 ITT=0x14 StatSN=505 ExpCmdSN=102 MaxCmdSN=112",
    "> Logout Reason=close-session ITT=0x13 CmdSN=102 ExpStatSN=506",
    "< LogoutResp ITT=0x13 StatSN=506 ExpCmdSN=103 MaxCmdSN=113",
    NULL,
};

#define REJECTED(opcode, itt, stat, exp)                                                                     \
    "< Reject ITT=none Reason=command-not-supported StatSN=" stat " ExpCmdSN=" exp                           \
    " MaxCmdSN=111 len=48 data@0=" opcode " data@1=0x80 data@19=" itt

/* A discovery session, and what it does not do. */
static const char *const listing[] = {
    "! connect",
    ONE_STEP "++SessionType=Discovery ++ErrorRecoveryLevel=1",
    ONE_ANSWER "++ErrorRecoveryLevel=0",
    "> TextReq F=1 ITT=0x11 CmdSN=100 ExpStatSN=501 ++SendTargets=All",
    "< TextResp F=1 ITT=0x11 StatSN=501 ExpCmdSN=101 MaxCmdSN=111 ++TargetName=iqn.2026-01.example:t",
    "> ScsiCmd I=1 F=1 LUN=1 ITT=0x12 EDTL=0 CmdSN=101 ExpStatSN=502 CDB=test-unit-ready",
    REJECTED("0x41", "0x12", "502", "101"),
    "> TmfReq I=1 Function=lun-reset LUN=1 ITT=0x13 CmdSN=101 ExpStatSN=503",
    REJECTED("0x42", "0x13", "503", "101"),
    "> NopOut I=1 ITT=0x14 CmdSN=101 ExpStatSN=504",
    /* 10 */
    REJECTED("0x40", "0x14", "504", "101"),
    "> TextReq F=1 ITT=0x15 CmdSN=101 ExpStatSN=505 ++SendTargets=iqn.2026-01.example:t",
    "< TextResp F=1 ITT=0x15 StatSN=505 ExpCmdSN=102 MaxCmdSN=112 ++TargetName=iqn.2026-01.example:t",
    "> Logout I=1 Reason=close-connection CID=1 ITT=0x16 CmdSN=102 ExpStatSN=506",
    REJECTED("0x46", "0x16", "506", "102"),
    NULL,
};

/* Two connections at level 1 of RFC 7143 and level 2 of RFC 7144: a query, acknowledgements as often as may
 * be, a SNACK, a retry. */
static const char *const both[] = {
    "! connect",
    ONE_STEP "++MaxConnections=2 ++ErrorRecoveryLevel=1 ++iSCSIProtocolLevel=2 ++MaxBurstLength=1024 "
             "++FirstBurstLength=1024",
    ONE_ANSWER "++MaxConnections=2 ++ErrorRecoveryLevel=1 ++iSCSIProtocolLevel=2 ++MaxBurstLength=1024 "
               "++FirstBurstLength=1024",
    "1! connect",
    "1> Login T=1 CSG=1 NSG=3 ISID=80:00:00:00:00:01 TSIH=7 ITT=0x10 CID=2 CmdSN=100 " NAMES,
    "1< LoginResp T=1 CSG=1 NSG=3 ISID=80:00:00:00:00:01 TSIH=7 ITT=0x10 StatSN=800 ExpCmdSN=100 "
    "MaxCmdSN=110 ++TargetPortalGroupTag=1",
    "> ScsiCmd F=1 R=1 LUN=1 ITT=0x11 EDTL=3072 CmdSN=100 ExpStatSN=501 CDB=read-10(blocks=6)",
    "> TmfReq I=1 Function=query-task LUN=1 ITT=0x12 RefTag=0x11 CmdSN=101 ExpStatSN=501 RefCmdSN=100",
    "< TmfResp Response=succeeded ITT=0x12 StatSN=501 ExpCmdSN=101 MaxCmdSN=111",
    "< DataIn F=0 ITT=0x11 ExpCmdSN=101 MaxCmdSN=111 DataSN=0 BufferOffset=0 len=512",
    /* 10 */
    "< DataIn F=1 A=1 LUN=1 ITT=0x11 TTT=0x30 ExpCmdSN=101 MaxCmdSN=111 DataSN=1 BufferOffset=512 len=512",
    "> Snack Type=data-ack LUN=1 SnackTag=0x30 ExpStatSN=502 BegRun=2",
    "< DataIn F=0 ITT=0x11 ExpCmdSN=101 MaxCmdSN=111 DataSN=2 BufferOffset=1024 len=512",
    "< DataIn F=1 A=1 LUN=1 ITT=0x11 TTT=0x31 ExpCmdSN=101 MaxCmdSN=111 DataSN=3 BufferOffset=1536 len=512",
    "> Snack Type=data-r2t LUN=1 ITT=0x11 ExpStatSN=502 BegRun=2 RunLength=1",
    "< DataIn F=0 ITT=0x11 ExpCmdSN=101 MaxCmdSN=111 DataSN=2 BufferOffset=1024 len=512",
    "< DataIn F=1 A=1 LUN=1 ITT=0x11 TTT=0x32 ExpCmdSN=101 MaxCmdSN=111 DataSN=4 BufferOffset=2048 len=1024",
    "< ScsiResp ITT=0x11 StatSN=502 ExpCmdSN=101 MaxCmdSN=111 ExpDataSN=5",
    /* 18: the same command once more */
    "> ScsiCmd F=1 LUN=1 ITT=0x13 EDTL=0 CmdSN=101 ExpStatSN=503 CDB=test-unit-ready",
    "> ScsiCmd F=1 LUN=1 ITT=0x13 EDTL=0 CmdSN=101 ExpStatSN=503 CDB=test-unit-ready",
    "< ScsiResp ITT=0x13 StatSN=503 ExpCmdSN=102 MaxCmdSN=112",
    NULL,
};

/* A login that nobody answers. */
static const char *const lonely[] = {
    "! connect",
    ONE_STEP,
    NULL,
};

/* FastAbort, and a function that ends no task. */
static const char *const fast[] = {
    "! connect",
    ONE_STEP "++TaskReporting=FastAbort,ResponseFence,RFC3720",
    ONE_ANSWER "++TaskReporting=FastAbort",
    "> ScsiCmd F=1 W=1 LUN=1 ITT=0x11 EDTL=512 CmdSN=100 ExpStatSN=501 CDB=write-10(blocks=1)",
    "< R2T LUN=1 ITT=0x11 TTT=0x5 StatSN=501 ExpCmdSN=101 MaxCmdSN=111 R2TSN=0 BufferOffset=0 "
    "DesiredLength=512",
    "> TmfReq I=1 Function=clear-aca LUN=1 ITT=0x12 CmdSN=101 ExpStatSN=501",
    "> DataOut F=1 LUN=1 ITT=0x11 TTT=0x5 ExpStatSN=501 DataSN=0 BufferOffset=0 len=512",
    "< TmfResp Response=complete ITT=0x12 StatSN=501 ExpCmdSN=101 MaxCmdSN=111",
    NULL,
};

/* The target is elsewhere. */
static const char *const moved[] = {
    "! connect",
    ONE_STEP,
    "< LoginResp T=0 ISID=80:00:00:00:00:01 ITT=0x10 Status=moved-temporarily ++TargetAddress=192.0.2.9:3260",
    NULL,
};

#define RESPONSE_16 "0x00112233445566778899aabbccddeeff"

/* Logins with CHAP; either side chooses what the other one chose before, which is its own choice. */
static const char *const challenged[] = {
    "! connect",
    ASK "T=0 CSG=0 " NAMES " ++AuthMethod=CHAP",
    TELL "T=0 CSG=0 StatSN=500 ++TargetPortalGroupTag=1 ++AuthMethod=CHAP",
    ASK "T=0 CSG=0 ExpStatSN=501 ++CHAP_A=7,0x5",
    TELL "T=0 CSG=0 StatSN=501 ++CHAP_A=5 ++CHAP_I=1 ++CHAP_C=0x00A1b2",
    ASK "CSG=0 NSG=1 ExpStatSN=502 ++CHAP_N=host ++CHAP_R=" RESPONSE_16 " ++CHAP_I=2 ++CHAP_C=0x77a878",
    TELL "CSG=0 NSG=1 StatSN=502 ++CHAP_N=disk ++CHAP_R=0bABEiM0RVZneImaq7zN3u/w==",
    "1! connect",
    "1" ASK "T=0 CSG=0 " NAMES " ++CHAP_A=5",
    "1" TELL "T=0 CSG=0 StatSN=700 ++TargetPortalGroupTag=1 ++CHAP_A=5 ++CHAP_I=3 ++CHAP_C=0x77a878",
    /* 10 */
    "1" ASK "CSG=0 NSG=1 ExpStatSN=701 ++CHAP_N=host ++CHAP_R=" RESPONSE_16,
    "2! connect",
    "2" ASK "T=0 CSG=0 " NAMES " ++CHAP_A=5",
    "2" TELL "T=0 CSG=0 StatSN=900 ++TargetPortalGroupTag=1 ++CHAP_A=5 ++CHAP_I=4 ++CHAP_C=0x99",
    "2" ASK "CSG=0 NSG=1 ExpStatSN=901 ++CHAP_N=host ++CHAP_R=" RESPONSE_16 " ++CHAP_I=4 ++CHAP_C=0x00a1b2",
    NULL,
};

/* A session that another login takes over; what was on its way then is nobody's fault. */
static const char *const reinstated[] = {
    "! connect",
    ONE_STEP,
    ONE_ANSWER,
    "> ScsiCmd F=1 R=1 LUN=1 ITT=0x11 EDTL=512 CmdSN=100 ExpStatSN=501 CDB=read-10(blocks=1)",
    "1! connect",
    "1" ONE_STEP,
    "1< LoginResp T=1 CSG=1 NSG=3 ISID=80:00:00:00:00:01 TSIH=8 ITT=0x10 StatSN=800 ExpCmdSN=100 "
    "MaxCmdSN=110 "
    "++TargetPortalGroupTag=1",
    "< ScsiResp ITT=0x12 StatSN=777 ExpCmdSN=101 MaxCmdSN=111",
    "1> ScsiCmd F=1 R=1 LUN=1 ITT=0x11 EDTL=512 CmdSN=100 ExpStatSN=801 CDB=read-10(blocks=1)",
    "1< DataIn F=1 S=1 ITT=0x11 StatSN=801 ExpCmdSN=101 MaxCmdSN=111 DataSN=0 BufferOffset=0 len=512",
    NULL,
};

#endif
