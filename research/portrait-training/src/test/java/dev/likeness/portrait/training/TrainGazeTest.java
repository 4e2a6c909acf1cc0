package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.headshots.score.HeadshotScores;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainGazeTest {
  private static final String SHIPPED = "/dev/likeness/headshots/internal/score/";

  @Test
  void writesTheNumbersThatScoresRead(@TempDir Path work) throws IOException {
    TrainGaze.main(new String[] {work.toString(), "1", "2", "3"});
    assertLikeShipped(work.resolve("gaze.json.gz"));
  }

  /** The file has as many numbers as the one of its name that scores read, and others. */
  static void assertLikeShipped(Path file) throws IOException {
    try (InputStream own = new GZIPInputStream(Files.newInputStream(file));
        InputStream in = new GZIPInputStream(
            HeadshotScores.class.getResourceAsStream(SHIPPED + file.getFileName()))) {
      Map<String, Object> taught = JSON.std.mapFrom(own);
      Map<String, Object> shipped = JSON.std.mapFrom(in);
      assertEquals(counts(shipped), counts(taught));
      assertNotEquals(shipped, taught);
    }
  }

  private static Map<String, Integer> counts(Map<String, Object> weights) {
    Map<String, Integer> counts = new TreeMap<>();
    weights.forEach((name, numbers) -> counts.put(name, ((List<?>) numbers).size()));
    return counts;
  }
}
