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
import dev.likeness.diffusion.fuzz.ForkedFuzz;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * One option of one JSON file of a small model's folder changed at random: the folder is used, or
 * refused in one line with exit status 3.
 */
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
  private static final int EACH_GENERATED = 10;
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

  @Test
  void changedOptionsEndInUseOrInWords() throws IOException, InterruptedException {
    ForkedFuzz.run(Options.class, 0, 60, 0.1, 0.1);
  }

  @Test
  @Tag("slow")
  void twentyThousandChangedOptionsEndInUseOrInWords() throws IOException, InterruptedException {
    ForkedFuzz.run(Options.class, 60, 20_060, 0.1, 0.1);
  }

  /** A model whose folder has one changed file, for each seed. */
  static final class Options implements ForkedFuzz.Cases {
    private final List<Path> models = new ArrayList<>();
    private Path folder;
    private long before;

    @Override
    public void open(Path own) {
      LibTorch.load();
      before = Pointer.totalCount();
      folder = own;
      for (String model : MODELS) {
        models.add(PipelineFolder.any(model, own));
      }
    }

    @Override
    public boolean used(int seed) throws IOException {
      Random random = ForkedFuzz.random(seed);
      Path model = pick(models, random);
      Path file = pick(jsonFiles(model), random);
      byte[] own = Files.readAllBytes(file);
      String changed = changed(own, random);
      Files.writeString(file, changed);
      try {
        requireWords(inspect(model));
        return seed % EACH_GENERATED == 0 ? generated(model) : opened(model);
      } catch (AssertionError e) {
        String text = changed.length() > 300 ? "(" + changed.length() + " characters)" : changed;
        throw new AssertionError(folder.relativize(file) + ": " + e.getMessage() + " " + text, e);
      } finally {
        Files.write(file, own);
      }
    }

    private boolean generated(Path model) {
      CommandResult run = generate(model, folder.resolve("out"));
      requireWords(run);
      return run.status() == 0;
    }

    @Override
    public void close() {
      assertTrue(Pointer.totalCount() <= before, "native objects were left behind");
    }
  }

  private static boolean opened(Path model) {
    try {
      BaseModel.open(model, Compute.EXACT).close();
      return true;
    } catch (InvalidInputException e) {
      assertEquals(1, e.getMessage().lines().count(), e.getMessage());
      return false;
    } catch (RuntimeException | Error e) {
      throw new AssertionError(e.toString(), e);
    }
  }

  private static CommandResult inspect(Path model) {
    return CommandResult.of("inspect", model.toString());
  }

  // UNets have a default size by their configuration; the other sizes are large. Fewer than four
  // steps are wrong usage with some schedulers that a changed file may name.
  private static CommandResult generate(Path model, Path out) {
    List<String> line = new ArrayList<>(List.of(
        "generate",
        "--base",
        model.toString(),
        "--dtype",
        "f32",
        "--prompt",
        "a photo",
        "--steps",
        "4",
        "--out",
        out.toString()));
    if (!Files.exists(model.resolve("unet"))) {
      line.addAll(List.of("--width", "64", "--height", "64"));
    }
    return CommandResult.of(line.toArray(String[]::new));
  }

  private static void requireWords(CommandResult run) {
    assertTrue(run.status() == 0 || run.status() == 3, run.toString());
    assertEquals(run.status() == 3 ? 1 : 0, run.errorLines().size(), run.toString());
    assertFalse((run.out() + run.err()).contains("\u001b"), run.toString());
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
