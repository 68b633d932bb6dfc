/* The floor under every reader of captures: libpcap's loop over all frames of a file, which looks at none.
 * Usage: bare_pcap FILE. */
#include <stdio.h>

#include <pcap/pcap.h>

int main(int argc, char **argv)
{
    char message[PCAP_ERRBUF_SIZE] = "";
    struct pcap_pkthdr *header;
    const u_char *bytes;
    unsigned long long frames = 0, sum = 0;
    int result;
    pcap_t *pcap = argc == 2 ? pcap_open_offline(argv[1], message) : NULL;
    if (!pcap)
        return fprintf(stderr, "bare_pcap: %s\n", message) < 0 ? 3 : 2;
    while ((result = pcap_next_ex(pcap, &header, &bytes)) == 1) {
        frames++;
        sum += header->caplen;
    }
    printf("frames %llu bytes %llu\n", frames, sum);
    pcap_close(pcap);
    return result != PCAP_ERROR_BREAK;
}
