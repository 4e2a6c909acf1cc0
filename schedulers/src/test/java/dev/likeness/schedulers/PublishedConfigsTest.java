package dev.likeness.schedulers;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The scheduler configs of published checkpoints, where the folder of real files is at hand. */
class PublishedConfigsTest {
  private static final List<String> SWITCHES = List.of(
      "Euler a",
      "DPM++ 2M Karras",
      "DPM++ 2M SDE Karras",
      "UniPC",
      "DDIM",
      "PLMS",
      "Heun",
      "DPM2 a",
      "LMS",
      "DEIS",
      "LCM",
      "TCD",
      "DPM++ SDE Karras",
      "DPM++ 3M SDE Exponential",
      "Restart");

  @Test
  void plansEveryPublishedConfigAndEverySwitchFromIt() throws IOException {
    List<Path> files = configs();
    assumeTrue(
        !files.isEmpty(),
        "no shared/material with scheduler configs above " + Path.of("").toAbsolutePath());
    for (Path file : files) {
      SchedulerConfig config = SchedulerConfig.of(read(file));
      assertTrue(config.plan(20).size() >= 20, file.toString());
      for (String name : SWITCHES) {
        assertTrue(config.with(name).plan(20).size() >= 19, name + " from " + file);
      }
    }
  }

  private static Map<String, Object> read(Path file) throws IOException {
    return JSON.std.mapFrom(Files.readString(file));
  }

  private static List<Path> configs() throws IOException {
    Path material = material();
    if (material == null) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(material)) {
      return files
          .filter(file -> file.endsWith("scheduler_config.json") && Files.isRegularFile(file))
          .toList();
    }
  }

  private static Path material() {
    String given = System.getProperty("likeness.material");
    if (given != null) {
      return Path.of(given);
    }
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      Path material = folder.resolve("../shared/material").normalize();
      if (Files.isDirectory(material)) {
        return material;
      }
    }
    return null;
  }
}
