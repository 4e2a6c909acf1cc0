package dev.likeness.diffusion.internal.imagefile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class XmpPacketTest {
  private static final String URL =
      "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

  @Test
  void readsWhatItWrites() {
    String own = XmpPacket.serialize(URL);
    assertEquals(Optional.of(URL), XmpPacket.parse(own).sourceType());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<rdf:Description rdf:about='' i:DigitalSourceType='URL'/>",
        "<rdf:Description><i:DigitalSourceType>URL</i:DigitalSourceType></rdf:Description>",
        "<rdf:Description><i:DigitalSourceType rdf:resource='URL'/></rdf:Description>",
        "<rdf:Description><t:a><t:b/></t:a><i:DigitalSourceType>URL</i:DigitalSourceType>"
            + "</rdf:Description>",
        "<rdf:Description/><rdf:Description i:DigitalSourceType='URL'/>",
        "<rdf:Description><i:DigitalSourceType rdf:parseType='Resource'>\n<rdf:value>URL</rdf:value>"
            + "<t:note>no</t:note></i:DigitalSourceType></rdf:Description>"
      })
  void readsEachWayOfWritingAProperty(String description) {
    assertEquals(Optional.of(URL), parse(description.replace("URL", URL)).sourceType());
    assertEquals(
        Optional.of(URL),
        XmpPacket.parse("\ufeff<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>"
                + packet(description.replace("URL", URL)) + "<?xpacket end='w'?>   \n")
            .sourceType());
  }

  @Test
  void readsWhereAnotherManifestLies() {
    assertEquals(
        Optional.of("https://example.org/a.c2pa"),
        parse("<rdf:Description t:provenance='https://example.org/a.c2pa'/>").remoteManifest());
    assertEquals(
        Optional.empty(),
        parse("<rdf:Description t:provenance='self#jumbf=c2pa'/>").remoteManifest());
  }

  @Test
  void readsNoPropertyOfAnother() {
    assertEquals(
        XmpPacket.EMPTY,
        parse("<rdf:Description><t:a rdf:parseType='Resource'>"
            + "<i:DigitalSourceType>x</i:DigitalSourceType></t:a></rdf:Description>"));
  }

  /** A recursive reader ends in a stack overflow, and one that compares siblings in minutes. */
  @Test
  void readsDeepAndWidePackets() {
    String open = "<t:a rdf:parseType='Resource'>";
    String deep = open.repeat(200_000) + "</t:a>".repeat(200_000);
    StringBuilder wide = new StringBuilder();
    for (int i = 0; i < 200_000; i++) {
      wide.append("<t:a").append(i).append(">x</t:a").append(i).append('>');
    }
    for (String many : new String[] {deep, wide.toString()}) {
      String last = "<i:DigitalSourceType>" + URL + "</i:DigitalSourceType>";
      XmpPacket found = assertTimeout(
          Duration.ofSeconds(60),
          () -> parse("<rdf:Description>" + many + last + "</rdf:Description>"));
      assertEquals(Optional.of(URL), found.sourceType());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no XML",
        "<x",
        "<!DOCTYPE x [<!ENTITY a 'b'>]><rdf:RDF xmlns:rdf='"
            + "http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
            + "xmlns:i='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'>"
            + "<rdf:Description i:DigitalSourceType='a'/></rdf:RDF>",
        "<!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>"
      })
  void readsNothingFromWhatIsNoPacket(String text) {
    assertEquals(XmpPacket.EMPTY, XmpPacket.parse(text));
  }

  private static XmpPacket parse(String descriptions) {
    return XmpPacket.parse(packet(descriptions));
  }

  private static String packet(String descriptions) {
    return "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf="
        + "'http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:t='http://purl.org/dc/terms/' "
        + "xmlns:i='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'>" + descriptions
        + "</rdf:RDF></x:xmpmeta>";
  }
}
