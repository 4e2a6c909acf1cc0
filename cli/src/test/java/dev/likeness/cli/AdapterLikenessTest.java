package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Likeness by the face embedder of an adapter, beside likeness by an independent one. */
class AdapterLikenessTest {
  private static final Path PHOTOS = Path.of("../examples/photos/person-5000000002");

  @Test
  void recordAndReportTellWhatTheAdapterMeasures(@TempDir Path folder) throws IOException {
    Path out = folder.resolve("out");
    CommandResult run = CommandResult.of(
        "headshot",
        "--photos",
        PHOTOS.resolve("selfie-01.jpg").toString(),
        PHOTOS.resolve("selfie-02.jpg").toString(),
        PHOTOS.resolve("selfie-03.jpg").toString(),
        "--identity",
        "ipadapter",
        "--style",
        "studio",
        "--count",
        "2",
        "--steps",
        "8",
        "--no-face-guidance",
        "--out",
        out.toString());
    assertEquals(0, run.status(), run.err());
    Map<String, Object> record = JSON.std.mapFrom(Files.readString(out.resolve("record.json")));
    Map<?, ?> alike = (Map<?, ?>) record.get("adapter_likeness");
    double own = ((Number) alike.get("adapter")).doubleValue();
    double independent = ((Number) alike.get("independent")).doubleValue();
    assertTrue(own > 0.2 && own <= 1, "by the adapter: " + own);
    assertEquals(own - independent, ((Number) alike.get("gap")).doubleValue(), 1e-4);
    String words = "own face recognition network measures a mean likeness of "
        + String.format(Locale.ROOT, "%.2f", own);
    assertTrue(record.get("likeness_check").toString().contains(words), words);
    assertTrue(Files.readString(out.resolve("report.html")).contains(words), words);
  }
}
