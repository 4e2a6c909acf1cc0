package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * One option of one JSON file of a small model's folder changed at random: the folder is used, or
 * refused in one line with exit status 3.
 */
@ExtendWith(NoTensorLeaks.class)
class MutatedOptionsTest {
  private static final List<String> MODELS = List.of(
      "sd1/base",
      "sd1/v-prediction",
      "sd1/tiny-autoencoder",
      "sdxl/xl-base",
      "sdxl/xl-means",
      "flux/dev",
      "klein/base",
      "sd3/three",
      "zimage/turbo",
      "chroma/base");
  private static final String MARK = "@value@";
  private static final List<String> VALUES = List.of(
      "null",
      "true",
      "false",
      "0",
      "-1",
      "1",
      "2",
      "7",
      "1.5",
      "-0.5",
      "1e-320",
      "1e308",
      "-1e308",
      "1e400",
      "NaN",
      "-Infinity",
      "2147483647",
      "2147483648",
      "-2147483649",
      "9223372036854775807",
      "9223372036854775808",
      "9".repeat(1100),
      "\"\"",
      "\"text\"",
      "\"\\u001b[31m\\nlikeness: all is well\"",
      "\"" + "x".repeat(100_000) + "\"",
      "[]",
      "[null]",
      "[0]",
      "[-1, 2]",
      "[1e9, 1e9, 1e9, 1e9]",
      "[[1]]",
      "{}",
      "{\"a\": null}",
      "[".repeat(1100) + "]".repeat(1100));
  private static final List<String> DOCUMENTS =
      List.of("", "null", "[]", "1", "{", "{}", "\ufeff{}", "<html></html>", "{\"a\":1,\"a\":2}");
  private static final JSON PYTHON = JSON.builder(JsonFactory.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
          .build())
      .enable(JSON.Feature.WRITE_NULL_PROPERTIES)
      .build();

  @TempDir
  private Path folder;

  @Test
  void changedOptionsEndInUseOrInWords() throws IOException {
    fuzz(100, 10, 41);
  }

  @Test
  @Tag("slow")
  void twentyThousandChangedOptionsEndInUseOrInWords() throws IOException {
    fuzz(20_000, 10, 42);
  }

  private void fuzz(int count, int eachGenerated, int seed) throws IOException {
    Random random = new Random(seed);
    List<Path> models = new ArrayList<>();
    for (String model : MODELS) {
      models.add(PipelineFolder.any(model, folder));
    }
    int refused = 0;
    List<String> failures = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Path model = models.get(random.nextInt(models.size()));
      Path file = pick(jsonFiles(model), random);
      byte[] own = Files.readAllBytes(file);
      String changed = changed(own, random);
      Files.writeString(file, changed);
      String name =
          model.getFileName() + ": " + folder.relativize(file) + ": case " + i + " of seed " + seed;
      try {
        requireWords(name, inspect(model));
        if (i % eachGenerated == 0) {
          requireWords(name, generate(model));
        } else {
          refused += open(name, model);
        }
      } catch (AssertionError e) {
        String text = changed.length() > 300 ? "(" + changed.length() + " characters)" : changed;
        failures.add(e.getMessage() + " " + text);
      }
      Files.write(file, own);
    }
    assertEquals(List.of(), failures);
    assertTrue(refused > count / 10 && refused < count, refused + " of " + count + " refused");
  }

  private static int open(String name, Path model) {
    try {
      BaseModel.open(model, Compute.EXACT).close();
      return 0;
    } catch (InvalidInputException e) {
      assertEquals(1, e.getMessage().lines().count(), name);
      return 1;
    } catch (RuntimeException | Error e) {
      throw new AssertionError(name + ": " + e, e);
    }
  }

  private static CommandResult inspect(Path model) {
    return CommandResult.of("inspect", model.toString());
  }

  // UNets have a default size by their configuration; the other sizes are large.
  private CommandResult generate(Path model) {
    boolean unet = Files.exists(model.resolve("unet"));
    return CommandResult.of(
        "generate",
        "--width",
        unet ? "0" : "64",
        "--height",
        unet ? "0" : "64",
        "--base",
        model.toString(),
        "--dtype",
        "f32",
        "--prompt",
        "a photo",
        "--steps",
        "2",
        "--out",
        folder.resolve("out").toString());
  }

  private static void requireWords(String name, CommandResult run) {
    assertTrue(run.status() == 0 || run.status() == 3, name + ": " + run);
    assertEquals(run.status() == 3 ? 1 : 0, run.errorLines().size(), name + ": " + run);
    assertFalse((run.out() + run.err()).contains("\u001b"), name);
  }

  private static List<Path> jsonFiles(Path model) throws IOException {
    try (Stream<Path> files = Files.walk(model)) {
      return files
          .filter(file -> file.toString().endsWith(".json"))
          .filter(file -> !file.toString().contains("reference"))
          .sorted()
          .toList();
    }
  }

  private static String changed(byte[] own, Random random) throws IOException {
    if (random.nextInt(20) == 0) {
      return pick(DOCUMENTS, random);
    }
    Object document = PYTHON.anyFrom(own);
    Object at = document;
    while (true) {
      Object child = at instanceof Map<?, ?> map && !map.isEmpty()
          ? map.get(pick(List.copyOf(map.keySet()), random))
          : at instanceof List<?> list && !list.isEmpty() ? pick(list, random) : null;
      boolean deeper = child instanceof Map<?, ?> || child instanceof List<?>;
      if (!deeper || random.nextInt(3) == 0) {
        change(at, random);
        return PYTHON.asString(document).replace("\"" + MARK + "\"", pick(VALUES, random));
      }
      at = child;
    }
  }

  @SuppressWarnings("unchecked")
  private static void change(Object at, Random random) {
    if (at instanceof Map<?, ?> map) {
      List<String> keys = new ArrayList<>(((Map<String, Object>) map).keySet());
      String key =
          keys.isEmpty() || random.nextInt(12) == 0 ? "another_option" : pick(keys, random);
      if (random.nextInt(10) == 0) {
        map.remove(key);
      } else {
        ((Map<String, Object>) map).put(key, MARK);
      }
    } else if (at instanceof List<?> list && !list.isEmpty()) {
      ((List<Object>) list).set(random.nextInt(list.size()), MARK);
    }
  }

  private static <T> T pick(List<T> all, Random random) {
    return all.get(random.nextInt(all.size()));
  }
}
