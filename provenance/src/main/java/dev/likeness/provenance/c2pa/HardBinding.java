package dev.likeness.provenance.c2pa;

import dev.likeness.diffusion.internal.imagefile.ImageFile;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Checks that a file is still the one that its claim was made for (C2PA specification 2.1, section
 * 15.12).
 */
final class HardBinding {
  private static final String DATA = "c2pa.hash.data";
  private static final String BOXES = "c2pa.hash.boxes";
  private static final String BOX_EXCLUSIONS = "assertion.boxesHash.additionalExclusionsPresent";

  /**
   * Parts of PNG, JPEG and WebP files that neither hold pixels nor say how to show them: a signer
   * may leave these out of the hash, and nothing else.
   */
  private static final Set<String> METADATA =
      Set.of("tEXt", "zTXt", "iTXt", "eXIf", "tIME", "APP1", "APP13", "COM", "EXIF", "XMP ");

  private final ImageFile file;
  private final ByteBuffer bytes;
  private final Claim.Hashes hashes;

  HardBinding(ImageFile file, Claim.Hashes hashes) {
    this.file = file;
    this.bytes = ByteBuffer.wrap(file.bytes());
    this.hashes = hashes;
  }

  /** Returns the hash assertions that bind {@code claim} to a file. */
  static List<JumbfBox> of(Claim claim) {
    List<JumbfBox> bindings = new ArrayList<>(claim.assertions(DATA));
    bindings.addAll(claim.assertions(BOXES));
    return bindings;
  }

  /**
   * Compares the file with the hashes of {@code claim}.
   *
   * @param updated true if later manifests were added, so that the excluded manifest may have grown
   */
  void check(Claim claim, boolean updated, ManifestReport.Findings findings) {
    List<JumbfBox> bindings = of(claim);
    if (bindings.isEmpty()) {
      findings.failure("claim.hardBindings.missing", claim.url("c2pa.claim"));
      return;
    }
    if (bindings.size() > 1) {
      findings.failure("assertion.multipleHardBindings", claim.url("c2pa.claim"));
      return;
    }
    JumbfBox binding = bindings.get(0);
    String url = claim.url("c2pa.assertions/" + binding.label());
    boolean boxes = binding.label().startsWith(BOXES);
    try {
      Map<String, Object> fields = Cbor.map(binding.content());
      Optional<Boolean> same = boxes
          ? checkBoxes(fields, claim, url, findings)
          : checkData(fields, claim, ranges(fields, updated), url, findings);
      if (same.isEmpty()) {
        findings.failure("algorithm.unsupported", url);
      } else if (same.get()) {
        findings.success(boxes ? "assertion.boxesHash.match" : "assertion.dataHash.match", url);
      } else {
        findings.failure(
            boxes ? "assertion.boxesHash.mismatch" : "assertion.dataHash.mismatch", url);
      }
    } catch (JumbfBox.MalformedManifest e) {
      findings.failure(
          boxes ? "assertion.boxesHash.malformed" : "assertion.dataHash.malformed", url);
    }
  }

  private Optional<Boolean> checkData(
      Map<String, Object> fields,
      Claim claim,
      List<Range> excluded,
      String url,
      ManifestReport.Findings findings) {
    Optional<MessageDigest> digest =
        Claim.Hashes.find(fields.getOrDefault("alg", claim.fields().get("alg")));
    if (digest.isEmpty()) {
      return Optional.empty();
    }
    int at = 0;
    for (Range range : excluded) {
      if (range.start() < at || range.end() > bytes.limit() || mixesManifest(range)) {
        return Optional.of(false);
      }
      hashes.update(digest.get(), bytes.slice(at, (int) range.start() - at));
      at = (int) range.end();
    }
    hashes.update(digest.get(), bytes.slice(at, bytes.limit() - at));
    reportExclusions(excluded, url, findings);
    return Optional.of(Arrays.equals(digest.get().digest(), hash(fields)));
  }

  /**
   * What a hash leaves out of the file.
   *
   * @param start the first byte, at least 0
   * @param end the byte after the last one, at least {@code start}
   */
  private record Range(long start, long end) {
    boolean touches(ImageFile.Part part) {
      return start < end && start < part.end() && end > part.start();
    }
  }

  private List<Range> ranges(Map<String, Object> fields, boolean updated)
      throws JumbfBox.MalformedManifest {
    List<Range> ranges = new ArrayList<>();
    for (Object entry : fields.get("exclusions") instanceof List<?> list ? list : List.of()) {
      Map<?, ?> map = entry instanceof Map<?, ?> fieldsOfEntry ? fieldsOfEntry : Map.of();
      OptionalLong start = Cbor.wholeNumber(map.get("start"));
      OptionalLong length = Cbor.wholeNumber(map.get("length"));
      if (start.isEmpty() || start.getAsLong() < 0 || length.orElse(-1) < 0) {
        throw new JumbfBox.MalformedManifest("an exclusion without a valid start and length");
      }
      long from = start.getAsLong();
      long beyond =
          Long.MAX_VALUE - from < length.getAsLong() ? Long.MAX_VALUE : from + length.getAsLong();
      ranges.add(new Range(from, updated ? grownEnd(from, beyond) : beyond));
    }
    ranges.sort(Comparator.comparingLong(Range::start));
    return ranges;
  }

  private long grownEnd(long start, long end) {
    return file.manifestPart()
        .filter(part -> part.start() == start && part.end() > end)
        .map(part -> (long) part.end())
        .orElse(end);
  }

  // Whatever leaves out the manifest leaves out nothing else.
  private boolean mixesManifest(Range range) {
    return file.manifestPart()
        .filter(part ->
            range.touches(part) && (range.start() < part.start() || range.end() > part.end()))
        .isPresent();
  }

  private void reportExclusions(
      List<Range> excluded, String url, ManifestReport.Findings findings) {
    List<ImageFile.Part> parts = file.parts();
    boolean metadata = false;
    int first = 0;
    for (Range range : excluded) {
      while (first < parts.size() && parts.get(first).end() <= range.start()) {
        first++;
      }
      for (int i = first; i < parts.size() && range.touches(parts.get(i)); i++) {
        String name = parts.get(i).name();
        if (!name.equals(ImageFile.Part.MANIFEST) && !METADATA.contains(name)) {
          findings.failure(ManifestReport.EXCLUSIONS, url);
          return;
        }
        metadata |= !name.equals(ImageFile.Part.MANIFEST);
      }
    }
    if (metadata) {
      findings.informational(ManifestReport.EXCLUSIONS, url);
    }
  }

  private Optional<Boolean> checkBoxes(
      Map<String, Object> fields, Claim claim, String url, ManifestReport.Findings findings)
      throws JumbfBox.MalformedManifest {
    List<ImageFile.Part> parts = file.parts();
    List<?> boxes = fields.get("boxes") instanceof List<?> list ? list : List.of();
    int next = startOf(boxes, parts);
    boolean metadata = false;
    for (Object entry : boxes) {
      if (!(entry instanceof Map<?, ?> box
          && box.get("names") instanceof List<?> names
          && !names.isEmpty())) {
        throw new JumbfBox.MalformedManifest("a hashed box without names");
      }
      int first = next;
      for (Object name : names) {
        if (next >= parts.size() || !parts.get(next).name().equals(name)) {
          return Optional.of(false);
        }
        next++;
      }
      if (names.equals(List.of(ImageFile.Part.MANIFEST))) {
        continue;
      }
      if (Boolean.TRUE.equals(box.get("excluded"))) {
        metadata = true;
        if (!METADATA.containsAll(names)) {
          findings.failure(BOX_EXCLUSIONS, url);
        }
        continue;
      }
      Object alg = box.get("alg") != null
          ? box.get("alg")
          : fields.getOrDefault("alg", claim.fields().get("alg"));
      Optional<MessageDigest> digest = Claim.Hashes.find(alg);
      if (digest.isEmpty()) {
        return Optional.empty();
      }
      int start = parts.get(first).start();
      hashes.update(digest.get(), bytes.slice(start, parts.get(next - 1).end() - start));
      if (!Arrays.equals(digest.get().digest(), hash(box))) {
        return Optional.of(false);
      }
    }
    if (metadata) {
      findings.informational(ManifestReport.EXCLUSIONS, url);
    }
    return Optional.of(next == parts.size());
  }

  // Some writers do not hash the PNG signature.
  private static int startOf(List<?> boxes, List<ImageFile.Part> parts) {
    boolean png = parts.get(0).name().equals("PNGh");
    boolean named = !boxes.isEmpty()
        && boxes.get(0) instanceof Map<?, ?> box
        && box.get("names") instanceof List<?> names
        && names.contains("PNGh");
    return png && !named ? 1 : 0;
  }

  private static byte[] hash(Map<?, ?> fields) {
    return fields.get("hash") instanceof byte[] bytes ? bytes : new byte[0];
  }
}
