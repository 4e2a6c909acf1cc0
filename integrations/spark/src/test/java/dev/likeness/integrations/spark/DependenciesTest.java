package dev.likeness.integrations.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** The library and Spark live on one class path. */
class DependenciesTest {
  private static List<String> jars(String name) {
    return Arrays.stream(LocalCluster.classPath().split(File.pathSeparator))
        .map(path -> Path.of(path).getFileName().toString())
        .filter(file -> file.matches(name + "-\\d.*\\.jar"))
        .distinct()
        .toList();
  }

  private static Set<String> sparks(String name) throws Exception {
    try (Stream<Path> all = Files.list(Path.of(System.getenv("SPARK_HOME"), "jars"))) {
      return all.map(file -> file.getFileName().toString())
          .filter(file -> file.matches(name + "-\\d.*\\.jar"))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  @Test
  void jacksonSlf4jAndGsonAreSparksOwn() throws Exception {
    for (String name : List.of("jackson-core", "jackson-databind", "slf4j-api", "commons-math3")) {
      assertEquals(sparks(name), new TreeSet<>(jars(name)), name);
      assertEquals(1, jars(name).size(), name);
    }
    assertTrue(jars("guava").size() <= 1, jars("guava").toString());
  }

  @Test
  void loggingGoesToSparksLog4j() throws Exception {
    assertTrue(
        LoggerFactory.getILoggerFactory().getClass().getName().contains("logging.slf4j.Log4j"),
        LoggerFactory.getILoggerFactory().getClass().getName());
    List<URL> providers = Collections.list(getClass()
        .getClassLoader()
        .getResources("META-INF/services/org.slf4j.spi.SLF4JServiceProvider"));
    assertEquals(1, providers.size(), providers.toString());
  }

  /** No class of the library but those of this module uses data binding, or comes with Spark. */
  @Test
  void noJarOfTheLibraryHasDataBinding() throws Exception {
    // The jars of the library may be installed ones, which have no poms beside them.
    Path checkout = SamplePeople.samples().resolve("../../..").normalize();
    for (String module : List.of(
        "schedulers",
        "diffusion-core",
        "identity-photos",
        "identity-lora",
        "identity-ipadapter",
        "headshots")) {
      String text = Files.readString(checkout.resolve(module).resolve("pom.xml"));
      assertTrue(!text.contains("<artifactId>jackson-databind</artifactId>"), module);
    }
  }
}
