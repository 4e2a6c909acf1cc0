package dev.likeness.provenance.c2pa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.imagefile.ImageFile;
import dev.likeness.provenance.Disclosure;
import dev.likeness.provenance.signing.TrustAnchors;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes of manifests that were changed after signing, and addresses that point elsewhere. */
class ChangedManifestTest {
  private static final ManifestReader READER = new ManifestReader(TrustAnchors.NONE, Instant.now());

  /**
   * Every byte: length, type, label, toggle, CBOR, signature, certificate, checksum. The manifest
   * is the same in all formats, so one of them is changed in several ways.
   */
  @ParameterizedTest
  @EnumSource
  void noticesEveryChangedByteOfAManifest(ImageFormat format) {
    byte[] file = Disclosure.standard().encode(RgbImage.of(16, 16, new byte[16 * 16 * 3]), format);
    assertEquals(ManifestReport.State.VALID, READER.read(file).orElseThrow().state());
    ImageFile.Part part = ImageFile.of(file).orElseThrow().manifestPart().orElseThrow();
    List<Integer> unnoticed = new ArrayList<>();
    for (int at = part.start(); at < part.end(); at++) {
      for (int mask : format == ImageFormat.PNG
          ? new int[] {1 << at % 8, 0x20, 0xff}
          : new int[] {1 << at % 8}) {
        byte[] changed = file.clone();
        changed[at] ^= (byte) mask;
        if (!isNoticed(changed)) {
          unnoticed.add(at - part.start());
        }
      }
    }
    // JPEG numbers boxes; a number that all segments of a manifest share may be any.
    Set<Integer> free = format == ImageFormat.JPEG ? Set.of(6, 7) : Set.of();
    assertTrue(free.containsAll(unnoticed), unnoticed.toString());
  }

  private static boolean isNoticed(byte[] file) {
    try {
      return READER
          .read(file)
          .map(report -> report.state() == ManifestReport.State.INVALID)
          .orElse(true);
    } catch (InvalidInputException broken) {
      return true;
    }
  }

  @Test
  void readsAManifestThatNothingIsWrongWith() {
    assertEquals(List.of(), faults(new ForgedManifest()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "self#jumbf=/c2pa/urn:c2pa:other/c2pa.assertions/",
        "self#jumbf=c2pa.other/",
        "self#jumbf=/c2pa.assertions/",
        "c2pa.assertions/",
        "self#jumbf=/c2pa/" + ForgedManifest.LABEL + "/",
        "https://example.org/c2pa.assertions/"
      })
  void followsNoAddressOutOfTheManifest(String prefix) {
    assertEquals(
        "assertion.outsideManifest",
        faults(new ForgedManifest().claim(claim -> readdress(claim, prefix))).get(0));
  }

  @Test
  void followsAbsoluteAddressesWithinTheManifest() {
    String own = "self#jumbf=/c2pa/" + ForgedManifest.LABEL + "/c2pa.assertions/";
    assertEquals(List.of(), faults(new ForgedManifest().claim(claim -> readdress(claim, own))));
  }

  private static void readdress(Map<String, Object> claim, String prefix) {
    List<Map<String, Object>> links = new ArrayList<>();
    for (Object entry : (List<?>) claim.get("created_assertions")) {
      Map<?, ?> link = (Map<?, ?>) entry;
      String url = (String) link.get("url");
      links.add(Map.of(
          "url", prefix + url.substring(url.lastIndexOf('/') + 1), "hash", link.get("hash")));
    }
    claim.put("created_assertions", links);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "self#jumbf=/c2pa/urn:c2pa:other/c2pa.signature",
        "self#jumbf=c2pa.claim.v2",
        "c2pa.signature",
        "self#jumbf=/c2pa/" + ForgedManifest.LABEL
      })
  void takesNoOtherBoxForTheSignature(String url) {
    assertEquals(
        List.of("claimSignature.missing"),
        faults(new ForgedManifest().claim(claim -> claim.put("signature", url))));
  }

  /** Only a later manifest may remove assertions, and never its own. */
  @Test
  void removesNoAssertionOfItsOwn() {
    String gone = "self#jumbf=c2pa.assertions/org.example.gone";
    ForgedManifest forged = new ForgedManifest().claim(claim -> {
      List<Object> links = new ArrayList<>((List<?>) claim.get("created_assertions"));
      links.add(Map.of("url", gone, "hash", new byte[32]));
      claim.put("created_assertions", links);
      claim.put("redacted_assertions", List.of(gone));
    });
    assertEquals(List.of("assertion.missing"), faults(forged));
  }

  @Test
  void refusesOtherBoxesInAManifest() {
    JumbfBox extra = JumbfBox.of("c2xx", "org.example", Cbor.write("unsigned"));
    assertEquals(List.of("claim.malformed"), faults(new ForgedManifest().boxes(boxes -> {
          List<JumbfBox> more = new ArrayList<>(boxes);
          more.add(extra);
          return more;
        })));
    assertEquals(
        List.of("claim.malformed"),
        faults(new ForgedManifest()
            .boxes(boxes -> boxes.stream()
                .map(box -> box.kind().equals(JumbfBox.SIGNATURE)
                    ? JumbfBox.of(JumbfBox.SIGNATURE, "c2pa.other", content(box))
                    : box)
                .toList())));
    assertEquals(List.of("claim.malformed"), faults(new ForgedManifest().before(extra)));
  }

  private static byte[] content(JumbfBox box) {
    return box.contents().get(0).toBytes();
  }

  /** Neither the signature nor a hash covers these. */
  @Test
  void refusesWhatASignatureBoxHoldsBesideTheSignature() {
    for (byte[] end : new byte[][] {{0}, {(byte) 0xf6}}) {
      assertEquals(
          List.of("claimSignature.mismatch"), faults(new ForgedManifest().signature(claim -> {
                byte[] cose = sign(claim);
                byte[] longer = java.util.Arrays.copyOf(cose, cose.length + 1);
                longer[cose.length] = end[0];
                return longer;
              })));
    }
    for (Object payload : new Object[] {new byte[0], "claim", false, 0}) {
      assertEquals(
          List.of("claimSignature.mismatch"),
          faults(new ForgedManifest().signature(claim -> resigned(claim, payload, Map.of()))));
    }
    assertEquals(
        List.of("claimSignature.mismatch"),
        faults(new ForgedManifest()
            .signature(claim -> resigned(claim, null, Map.of("pad", new byte[] {0, 7})))));
    assertEquals(
        List.of(),
        faults(new ForgedManifest()
            .signature(claim -> resigned(claim, null, Map.of("pad", new byte[9])))));
  }

  private static byte[] sign(byte[] claim) {
    return CoseSign1.sign(claim, dev.likeness.provenance.signing.SigningIdentity.development());
  }

  private static byte[] resigned(byte[] claim, Object payload, Map<String, Object> open) {
    try {
      CoseSign1 signed = CoseSign1.parse(sign(claim));
      List<Object> parts = new ArrayList<>(List.of(signed.protectedBytes(), open));
      parts.add(payload);
      parts.add(signed.signature());
      return Cbor.write(new Cbor.Tagged(18, parts));
    } catch (JumbfBox.MalformedManifest e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> faults(ForgedManifest forged) {
    return ForgedManifest.read(forged.png()).faults();
  }
}
