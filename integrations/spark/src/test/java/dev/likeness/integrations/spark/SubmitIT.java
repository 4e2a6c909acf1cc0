package dev.likeness.integrations.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.Consent;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program runs under spark-submit with the packaged jars. */
class SubmitIT {
  @TempDir
  Path folder;

  @Test
  void sparkSubmitRunsTheProgramWithAllJarsOfTheLibrary() throws Exception {
    Path photos = new SamplePeople(folder.resolve("photos")).photos(0);
    Path people = Files.writeString(
        folder.resolve("people.json"),
        JSON.std.asString(Map.of(
            "id", "ada",
            "consent", Consent.synthetic().toJson(),
            "photos", List.of(photos.toUri().toString()),
            "style", List.of("studio"),
            "options", "count=1, steps=2, train-steps=2, rank=2, face-guidance=false")));
    Path target = Path.of("target").toAbsolutePath();
    String jars;
    try (Stream<Path> all = Files.list(target.resolve("jars"))) {
      jars = all.map(Path::toString).sorted().collect(Collectors.joining(","));
    }
    Path own;
    try (Stream<Path> all = Files.list(target)) {
      own = all.filter(file ->
              file.getFileName().toString().matches("likeness-spark-[^-]+(-SNAPSHOT)?\\.jar"))
          .findFirst()
          .orElseThrow();
    }
    // The script bin/spark-submit runs this class with these options.
    List<String> command = new ArrayList<>(
        List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("--add-"))
        .forEach(command::add);
    command.addAll(List.of(
        "-Xmx1g",
        "-cp",
        System.getenv("SPARK_HOME") + "/jars/*",
        "org.apache.spark.deploy.SparkSubmit",
        "--master",
        "local-cluster[1,1,2048]",
        "--class",
        "dev.likeness.integrations.spark.SparkHeadshots",
        "--jars",
        jars,
        "--conf",
        "spark.executor.memory=1g",
        "--conf",
        "spark.executorEnv.OMP_NUM_THREADS=1",
        "--conf",
        "spark.ui.enabled=false",
        "--conf",
        "spark.driver.host=127.0.0.1",
        own.toString(),
        "--base",
        "portrait",
        "--dtype",
        "f32",
        "--out",
        folder.resolve("out").toUri().toString(),
        "--people",
        people.toUri().toString(),
        "--results",
        folder.resolve("results").toUri().toString()));
    Path log = folder.resolve("submit.log");
    Process process = new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
    assertEquals(0, process.waitFor(), () -> tail(log));
    assertTrue(Files.readString(log).contains("done: 1"), () -> tail(log));
    try (Stream<Path> results = Files.list(folder.resolve("results"))) {
      assertTrue(results.anyMatch(file -> file.getFileName().toString().endsWith(".json")));
    }
  }

  private static String tail(Path log) {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
    } catch (java.io.IOException e) {
      return e.toString();
    }
  }
}
