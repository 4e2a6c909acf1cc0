package dev.likeness.provenance;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.provenance.c2pa.Finding;
import dev.likeness.provenance.c2pa.ManifestReport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Provenance in words, for people and for programs. */
final class ProvenanceText {
  private ProvenanceText() {}

  /** The facts under the names that JSON has them by. */
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
      return JSON.std.with(JSON.Feature.WRITE_NULL_PROPERTIES).asString(facts(provenance));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Object> manifest(ManifestReport report) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("state", report.state().name().toLowerCase(Locale.ROOT));
    map.put("label", report.active());
    map.put("generator", report.generator());
    map.put(
        "signer",
        report
            .signer()
            .map(signer -> signer.name() + " (" + signer.algorithm() + ")")
            .orElse(null));
    map.put(
        "signer_valid_from",
        report.signer().map(signer -> signer.validFrom().toString()).orElse(null));
    map.put(
        "signer_valid_until",
        report.signer().map(signer -> signer.validUntil().toString()).orElse(null));
    map.put(
        "actions",
        report.actions().stream()
            .map(action -> action.sourceType().isEmpty()
                ? Map.of("action", action.name())
                : Map.of("action", action.name(), "digital_source_type", action.sourceType()))
            .toList());
    map.put("findings", report.findings().stream().map(ProvenanceText::finding).toList());
    map.put(
        "ingredient_findings",
        report.ingredients().stream().map(ProvenanceText::finding).toList());
    return map;
  }

  private static Map<String, Object> finding(Finding finding) {
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
        provenance.isDisclosed() ? "yes: says that a model made it or took part" : "no");
    lines.put("source type", provenance.sourceType().orElse("not said in XMP"));
    lines.put(
        "watermark",
        provenance.watermarkBits().isEmpty()
            ? "none: the picture is too small, or unreadable"
            : (provenance.isWatermarked() ? "yes, " : "no, ")
                + provenance.watermarkBits().getAsInt() + " of 48 bits");
    provenance
        .manifest()
        .ifPresentOrElse(report -> manifest(lines, report), () -> lines.put("manifest", "none"));
    provenance.remoteManifest().ifPresent(url -> lines.put("elsewhere", url + " (not fetched)"));
    return lines.entrySet().stream()
        .map(line -> String.format(Locale.ROOT, "%-12s %s", line.getKey(), line.getValue()))
        .collect(Collectors.joining(System.lineSeparator()));
  }

  private static void manifest(Map<String, Object> lines, ManifestReport report) {
    lines.put("manifest", report.verdict());
    report
        .signer()
        .ifPresent(signer -> lines.put("signer", signer.name() + " (" + signer.algorithm() + ")"));
    lines.put("made by", report.generator());
    lines.put(
        "actions",
        report.actions().stream()
            .map(action -> (action.name() + " " + action.sourceType()).strip())
            .collect(Collectors.joining(", ")));
  }
}
