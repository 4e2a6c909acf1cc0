package dev.likeness.provenance;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.DigitalSourceType;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.imagefile.CheckedImage;
import dev.likeness.diffusion.internal.imagefile.ImageFile;
import dev.likeness.diffusion.internal.imagefile.XmpPacket;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Run;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.photos.decode.UnreadablePhotoException;
import dev.likeness.provenance.c2pa.ManifestReader;
import dev.likeness.provenance.c2pa.ManifestReport;
import dev.likeness.provenance.signing.TrustAnchors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * The data in an image file that states its origin: XMP, watermark and content credentials. Reading
 * never uses the network.
 *
 * @param mediaType {@code image/png}, {@code image/jpeg} or {@code image/webp}
 * @param sourceType XMP's digital source type, as an IPTC URL; empty if XMP has no source type
 * @param watermarkBits number of correct watermark bits in the pixels, 0 to 48; empty if the image
 *     is too small or cannot be decoded
 * @param manifest the content credentials with their validation; empty if the file has none
 * @param remoteManifest URL of content credentials outside the file, which are not fetched; empty
 *     if XMP has no such URL
 */
public record Provenance(
    String mediaType,
    Optional<String> sourceType,
    OptionalInt watermarkBits,
    Optional<ManifestReport> manifest,
    Optional<String> remoteManifest) {
  private static final int MAX_BYTES = 200_000_000;
  private static final int MAX_SIDE = 16384;
  private static final String ADVICE = "give a PNG, JPEG or WebP file";

  /**
   * {@return the provenance of a file} The signer is reported but not trusted. This method throws
   * the exceptions of {@link #inspect(Path, TrustAnchors)}.
   *
   * @param file a PNG, JPEG or WebP file of at most 200 MB
   */
  public static Provenance inspect(Path file) {
    return inspect(file, TrustAnchors.NONE);
  }

  /**
   * {@return the provenance of a file}
   *
   * @param file a PNG, JPEG or WebP file of at most 200 MB
   * @param anchors the trusted certificates
   * @throws InvalidInputException if the file cannot be read, has more than 200 MB, or is not a
   *     complete PNG, JPEG or WebP file
   */
  public static Provenance inspect(Path file, TrustAnchors anchors) {
    return inspect(file, anchors, Run.silent());
  }

  /**
   * {@return the provenance of a file} With a run, the call can be cancelled.
   *
   * @param file a PNG, JPEG or WebP file
   * @param anchors the trusted certificates
   * @param run receives the outcome, and stops the reading if it is cancelled
   * @throws InvalidInputException if the file cannot be read, has more than 200 MB, or is not a
   *     complete PNG, JPEG or WebP file
   * @throws dev.likeness.diffusion.error.CancelledException if the run is cancelled
   */
  public static Provenance inspect(Path file, TrustAnchors anchors, Run run) {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new InvalidInputException(file + " is not a regular file; " + ADVICE);
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = readAll(file.toString(), in);
      return run.report(() -> inspect(file.toString(), bytes, anchors, run.cancellation()));
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  /**
   * {@return the provenance of a file's bytes}
   *
   * @param name the name of the file in error messages
   * @param file the bytes of a PNG, JPEG or WebP file
   * @param anchors the trusted certificates
   * @throws InvalidInputException if the bytes are not a complete PNG, JPEG or WebP file
   */
  public static Provenance inspect(String name, byte[] file, TrustAnchors anchors) {
    return inspect(name, file, anchors, new Cancellation());
  }

  /**
   * {@return the provenance of a file from a stream}
   *
   * @param name the name of the file in error messages
   * @param file the stream of at most 200 MB, which is read to its end; the caller closes it
   * @param anchors the trusted certificates
   * @throws InvalidInputException if the stream cannot be read, has more than 200 MB, or is not a
   *     complete PNG, JPEG or WebP file
   */
  public static Provenance inspect(String name, InputStream file, TrustAnchors anchors) {
    return inspect(name, readAll(name, file), anchors);
  }

  private static byte[] readAll(String name, InputStream in) {
    try {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new InvalidInputException(
            name + " has more than 200 MB; " + ADVICE + " of at most 200 MB");
      }
      return bytes;
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + name + ": " + Quoted.reason(e), e);
    }
  }

  private static Provenance inspect(
      String name, byte[] bytes, TrustAnchors anchors, Cancellation cancellation) {
    try {
      Optional<ImageFile> file = ImageFile.of(bytes);
      if (file.isPresent()) {
        XmpPacket xmp = file.get().xmp().map(XmpPacket::parse).orElse(XmpPacket.EMPTY);
        cancellation.throwIfCancelled();
        return new Provenance(
            file.get().mediaType(),
            xmp.sourceType(),
            watermark(bytes),
            new ManifestReader(anchors, Instant.now(), cancellation).read(bytes),
            xmp.remoteManifest());
      }
    } catch (InvalidInputException e) {
      throw new InvalidInputException(name + ": " + e.getMessage(), e);
    }
    throw new InvalidInputException(name
        + CheckedImage.Foreign.of(bytes)
            .map(format -> " is in the " + format.label()
                + " format, whose provenance cannot be read here; " + ADVICE)
            .orElse(" is no PNG, JPEG or WebP file; give one of these"));
  }

  private static OptionalInt watermark(byte[] bytes) {
    try {
      DecodeLimits limits = DecodeLimits.DEFAULT.withMaxBytes(MAX_BYTES).withMaxLongSide(MAX_SIDE);
      return Watermark.read(new PhotoDecoder(limits).decode("the image", bytes).image());
    } catch (UnreadablePhotoException withoutPixels) {
      return OptionalInt.empty();
    }
  }

  /** {@return true if the pixels have at least {@link Watermark#MIN_BITS} bits of the watermark} */
  public boolean isWatermarked() {
    return watermarkBits.orElse(0) >= Watermark.MIN_BITS;
  }

  /** {@return true if watermark, XMP or manifest says that a model made or changed the image} */
  public boolean isDisclosed() {
    return isWatermarked()
        || sourceType.flatMap(DigitalSourceType::of).isPresent()
        || manifest.stream()
            .flatMap(report -> report.actions().stream())
            .anyMatch(a -> DigitalSourceType.of(a.sourceType()).isPresent());
  }

  /**
   * {@return true if the file or its manifest may have been changed after signing} An unreadable
   * manifest and a weak key or digest count as changes. Without a manifest, the result is false.
   */
  public boolean isAltered() {
    return manifest.filter(ManifestReport::isAltered).isPresent();
  }

  /**
   * {@return true if a signer's certificate has expired, see {@link ManifestReport#isExpired}} The
   * signers of ingredients count too. Without a manifest, the result is false.
   */
  public boolean isExpired() {
    return manifest.filter(ManifestReport::isExpired).isPresent();
  }

  /** {@return the facts of {@link #toJson} as maps, lists, strings, numbers, booleans, nulls} */
  public Map<String, Object> toMap() {
    return ProvenanceText.facts(this);
  }

  /** {@return all facts as one JSON object, with control and format characters escaped} */
  public String toJson() {
    return ProvenanceText.json(this);
  }

  /** {@return one line of text for each fact, with text from the file in quotes} */
  @Override
  public String toString() {
    return ProvenanceText.lines(this);
  }

  /** Writes a provenance as text and as JSON. */
  static final class ProvenanceText {
    private static final int MAX_ACTIONS = 20;

    private ProvenanceText() {}

    /** Returns the facts by their JSON names. */
    static Map<String, Object> facts(Provenance provenance) {
      Map<String, Object> facts = new LinkedHashMap<>();
      facts.put("media_type", provenance.mediaType());
      facts.put("disclosed", provenance.isDisclosed());
      facts.put("altered", provenance.isAltered());
      facts.put("expired", provenance.isExpired());
      facts.put("digital_source_type", provenance.sourceType().orElse(null));
      facts.put("watermark", provenance.isWatermarked());
      facts.put(
          "watermark_bits",
          provenance.watermarkBits().isPresent() ? provenance.watermarkBits().getAsInt() : null);
      facts.put("manifest", provenance.manifest().map(ProvenanceText::manifest).orElse(null));
      facts.put("remote_manifest", provenance.remoteManifest().orElse(null));
      return facts;
    }

    static String json(Provenance provenance) {
      try {
        return Quoted.inJson(
            JSON.std.with(JSON.Feature.WRITE_NULL_PROPERTIES).asString(facts(provenance)));
      } catch (IOException e) {
        throw new IllegalStateException("cannot encode JSON in memory", e);
      }
    }

    private static Map<String, Object> manifest(ManifestReport report) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("state", report.state().name().toLowerCase(Locale.ROOT));
      map.put("label", report.activeManifest());
      map.put("generator", report.generator());
      Optional<ManifestReport.Signer> signer = report.signer();
      map.put("signer", signer.map(s -> s.name() + " (" + s.algorithm() + ")").orElse(null));
      map.put("signer_valid_from", signer.map(s -> s.validFrom().toString()).orElse(null));
      map.put("signer_valid_until", signer.map(s -> s.validUntil().toString()).orElse(null));
      map.put(
          "actions",
          report.actions().stream()
              .map(action -> action.sourceType().isEmpty()
                  ? Map.of("action", action.name())
                  : Map.of("action", action.name(), "digital_source_type", action.sourceType()))
              .toList());
      map.put(
          "findings", report.findings().stream().map(ProvenanceText::finding).toList());
      map.put(
          "ingredient_findings",
          report.ingredients().stream().map(ProvenanceText::finding).toList());
      return map;
    }

    private static Map<String, Object> finding(ManifestReport.Finding finding) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("code", finding.code());
      map.put("kind", finding.kind().name().toLowerCase(Locale.ROOT));
      map.put("url", finding.url());
      return map;
    }

    static String lines(Provenance provenance) {
      Map<String, Object> lines = new LinkedHashMap<>();
      lines.put(
          "disclosed",
          provenance.isDisclosed() ? "yes: the file says that a model made or changed it" : "no");
      lines.put("source type", provenance.sourceType().map(Quoted::of).orElse("not given in XMP"));
      lines.put(
          "watermark",
          provenance.watermarkBits().isEmpty()
              ? "none: the image is too small, or unreadable"
              : (provenance.isWatermarked() ? "yes, " : "no, ")
                  + provenance.watermarkBits().getAsInt() + " of 48 bits");
      provenance
          .manifest()
          .ifPresentOrElse(report -> manifest(lines, report), () -> lines.put("manifest", "none"));
      provenance
          .remoteManifest()
          .ifPresent(url -> lines.put("remote", Quoted.of(url) + " (not fetched)"));
      return lines.entrySet().stream()
          .map(line -> String.format(Locale.ROOT, "%-12s %s", line.getKey(), line.getValue()))
          .collect(Collectors.joining(System.lineSeparator()));
    }

    private static void manifest(Map<String, Object> lines, ManifestReport report) {
      lines.put("manifest", report.verdict());
      report
          .signer()
          .ifPresent(signer ->
              lines.put("signer", Quoted.of(signer.name()) + " (" + signer.algorithm() + ")"));
      lines.put("made by", Quoted.of(report.generator()));
      int more = report.actions().size() - MAX_ACTIONS;
      lines.put(
          "actions",
          report.actions().stream()
                  .limit(MAX_ACTIONS)
                  .map(ProvenanceText::action)
                  .collect(Collectors.joining(", "))
              + (more > 0 ? " and " + more + " more" : ""));
    }

    private static String action(ManifestReport.Action action) {
      String source = action.sourceType();
      return Quoted.of(action.name()) + (source.isEmpty() ? "" : " " + Quoted.of(source));
    }
  }
}
