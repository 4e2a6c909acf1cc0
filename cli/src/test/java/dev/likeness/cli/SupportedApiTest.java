package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.architecture.ApiText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The supported API is that of the lists in {@code api}: a change of it is a change there too. */
class SupportedApiTest {
  private static final Path LISTS = Outside.ROOT.resolve("api");
  private static final Path FOUND = Outside.ROOT.resolve("cli/target/api");
  static final List<String> MODULES = List.of(
      "schedulers",
      "diffusion-core",
      "identity-photos",
      "identity-lora",
      "identity-ipadapter",
      "headshots",
      "provenance",
      "vault",
      "model-hub",
      "studio-web",
      "portrait-model");

  @Test
  void equalsTheLists() throws IOException {
    List<String> changes = new ArrayList<>();
    Files.createDirectories(FOUND);
    for (String module : MODULES) {
      String found = ApiText.of(Outside.ROOT.resolve(module).resolve("target/classes"));
      assertTrue(found.contains("dev.likeness."), module + " has supported types");
      Files.writeString(FOUND.resolve(module + ".txt"), found);
      Path list = LISTS.resolve(module + ".txt");
      String listed = Files.exists(list) ? Files.readString(list).replace("\r", "") : "";
      if (!found.equals(listed)) {
        changes.addAll(changes(module, listed, found));
      }
    }
    assertTrue(
        changes.isEmpty(),
        () -> "the supported API changed:\n" + String.join("\n", changes)
            + "\nIf it should, renew the lists: cp cli/target/api/*.txt api/");
  }

  @Test
  void listsGenericsRecordsNestedTypesAndExceptions() throws ReflectiveOperationException {
    Class<?> sample = Class.forName(ApiText.class.getPackageName() + ".ApiSample");
    Stream<Class<?>> types = Stream.concat(
        Stream.of(sample, Class.forName(sample.getName() + "$Around$Unseen")),
        Stream.of(sample.getDeclaredClasses()));
    assertEquals("""
        public final class ApiSample

        public abstract static class ApiSample.Base<T extends Comparable<T>>\
         extends ApiSample.Hidden implements java.util.Comparator<T>
          @Deprecated public void old()
          protected Base(int...)
          protected java.util.Map<String, ? extends T[]> state
          public static <X extends Exception & Runnable> X read(Class<? extends X>)\
         throws java.io.IOException, java.io.UncheckedIOException
          public static final int LIMIT
          public void seen()

        public static final class ApiSample.Circle implements ApiSample.Shape

        public enum ApiSample.Kind implements java.util.function.Function<String, Integer>
          enum constant LONG
          enum constant SHORT

        public record ApiSample.Pair<A, B extends A>(A first, java.util.List<? super B>[] second)
          public A first(int)
          public Pair(ApiSample.Pair<A, B>)

        public sealed interface ApiSample.Shape permits ApiSample.Circle
          public default double area()
        """, ApiText.of(types).replace(ApiText.class.getPackageName() + ".", ""));
  }

  private static List<String> changes(String module, String listed, String found) {
    List<String> before = owned(listed);
    List<String> now = owned(found);
    List<String> changes = new ArrayList<>();
    before.stream()
        .filter(line -> !now.contains(line))
        .forEach(line -> changes.add(module + ": - " + line));
    now.stream()
        .filter(line -> !before.contains(line))
        .forEach(line -> changes.add(module + ": + " + line));
    return changes;
  }

  /** Each member with its type, since members of several types may read the same. */
  private static List<String> owned(String text) {
    List<String> lines = new ArrayList<>();
    String type = "";
    for (String line : text.lines().filter(l -> !l.isEmpty()).toList()) {
      if (line.startsWith("  ")) {
        lines.add(type + ": " + line.strip());
      } else {
        type = line.replaceFirst(".*?(dev\\.likeness\\.[\\w.]+).*", "$1");
        lines.add(line);
      }
    }
    return lines;
  }
}
