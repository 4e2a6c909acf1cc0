package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.fuzz.ForkedFuzz;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.material.Material;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every file of {@code ../shared/cases/attacks} and {@code ../shared/cases/third/attacks}, tried
 * with the command of its README: each ends in time and in words, and none ends the JVM.
 */
class CasesTest {
  private static final String PHOTOS = "(bad__photos__|proof__(bmp|tif|exif|scanbomb|png|webp)).*";
  private static final Path GOOD = Outside.ROOT.resolve("examples/photos/person-5000000002");

  @TempDir
  private Path folder;

  @Test
  void everyAttackEndsAsTheListSays() throws Exception {
    int count = attacks(false).size();
    assertTrue(count > 40, "" + count);
    ForkedFuzz.run(Attacks.class, 0, count, 0.01, 0.5);
  }

  /** The file of the number that is the seed. */
  static final class Attacks implements ForkedFuzz.Cases {
    private Path folder;
    private Path photos;
    private Path plain;
    private Path flux;

    @Override
    public void open(Path own) throws IOException {
      folder = own;
      photos = goodPhotos(Files.createDirectory(own.resolve("photos")));
      plain = PipelineFolder.any("sd1/base", own);
      flux = PipelineFolder.any("flux/dev", own);
    }

    @Override
    public boolean used(int seed) throws IOException {
      Path file = attacks(false).get(seed);
      String name = file.getFileName().toString();
      System.err.println(name);
      boolean used = true;
      for (CommandResult run : tried(file, name)) {
        String all = run.out() + run.err();
        assertTrue(run.status() == 0 || run.status() == 3, name + run);
        assertFalse(all.contains("\tat "), name + run);
        assertTrue(all.codePoints().noneMatch(CasesTest::isControl), name + run);
        if (run.status() == 3) {
          String said = name.startsWith("bad__t5") ? "tokenizer_2" : name;
          assertEquals(1, run.errorLines().size(), name + run);
          assertTrue(run.errorLines().get(0).contains(said), name + run);
          used = false;
        }
      }
      return used;
    }

    private List<CommandResult> tried(Path file, String name) throws IOException {
      List<CommandResult> runs = new ArrayList<>();
      if (name.endsWith(".onnx")) {
        runs.add(CommandResult.of("photos", photos.toString(), "--embedder", file.toString()));
      } else if (name.startsWith("bad__t5__")) {
        runs.add(withTokenizer(file));
      } else if (name.endsWith(".safetensors")) {
        runs.add(generate(plain, "--lora", file.toString()));
      } else if (name.startsWith("bad__c2pa__") || name.startsWith("proof__weak-")) {
        runs.add(CommandResult.of("verify", file.toString()));
        return runs;
      } else if (name.equals("proof__trust.pem")) {
        runs.add(CommandResult.of("verify", file.toString()));
      } else {
        throw new AssertionError("no command for " + name);
      }
      assertEquals(3, runs.get(0).status(), name + runs);
      if (name.startsWith("bad__weights__") || name.startsWith("proof__meta-spoof")) {
        CommandResult run = CommandResult.of("inspect", file.toString());
        assertTrue(run.status() == 3 || run.out().contains("\\u001b"), name + run);
        assertTrue(run.out().lines().noneMatch(line -> line.startsWith("problem      none")));
        runs.add(run);
      }
      return runs;
    }

    private CommandResult withTokenizer(Path attack) throws IOException {
      Path place = flux.resolve("tokenizer_2");
      Path own = folder.resolve("tokenizer.json");
      Files.copy(place.resolve("tokenizer.json"), own, StandardCopyOption.REPLACE_EXISTING);
      List<Path> added = new ArrayList<>();
      try (Stream<Path> files = Files.list(attack)) {
        for (Path file : files.toList()) {
          Path copy = place.resolve(file.getFileName());
          if (!Files.exists(copy)) {
            added.add(copy);
          }
          Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
        }
        return generate(flux);
      } finally {
        for (Path copy : added) {
          Files.delete(copy);
        }
        Files.copy(own, place.resolve("tokenizer.json"), StandardCopyOption.REPLACE_EXISTING);
      }
    }

    private CommandResult generate(Path base, String... more) {
      List<String> line = new ArrayList<>(List.of("generate", "--base", base.toString()));
      line.addAll(List.of("--prompt", "a photo", "--steps", "1", "--width", "64"));
      line.addAll(List.of("--height", "64", "--dtype", "f32", "--out"));
      line.add(folder.resolve("out").toString());
      line.addAll(List.of(more));
      return CommandResult.of(line.toArray(new String[0]));
    }
  }

  @Test
  void everyNetworkAndLoraOfTheThirdCasesIsRefusedByName() throws Exception {
    int count = thirdAttacks().size();
    assertTrue(count > 10, "" + count);
    ForkedFuzz.run(ThirdAttacks.class, 0, count, 0.01, 0.2);
  }

  /** The file of {@code third/attacks} of the number that is the seed. */
  static final class ThirdAttacks implements ForkedFuzz.Cases {
    private Path folder;
    private Path photos;
    private Path plain;

    @Override
    public void open(Path own) throws IOException {
      folder = own;
      photos = goodPhotos(Files.createDirectory(own.resolve("photos")));
      plain = PipelineFolder.any("sd1/base", own);
    }

    @Override
    public boolean used(int seed) throws IOException {
      Path file = thirdAttacks().get(seed);
      String name = file.getFileName().toString();
      System.err.println(name);
      CommandResult run = CommandResult.of(command(file.toString(), name));
      // A detector may also reject every photo. Many layers that do nothing are no fault.
      boolean mayWork = name.startsWith("yn-") || name.equals("arcface-ident8100.onnx");
      assertTrue(run.status() == 3 || mayWork && run.status() == 0, name + run);
      assertFalse((run.out() + run.err()).contains("\tat "), name + run);
      if (run.status() == 3) {
        assertEquals(1, run.errorLines().size(), name + run);
        assertTrue(run.errorLines().get(0).contains(name), name + run);
      }
      return run.status() == 0;
    }

    private String[] command(String file, String name) {
      if (name.startsWith("arcface-")) {
        String photo = photos.resolve("selfie-01.jpg").toString();
        String decoder = plain.resolve("vae").toString();
        return words(
            "generate --prompt x --steps 2 --width 64 --height 64",
            "--base",
            plain.toString(),
            "--face-guidance",
            photo,
            "--face-guidance-embedder",
            file,
            "--face-guidance-decoder",
            decoder,
            "--out",
            folder.resolve("out").toString());
      }
      if (name.endsWith(".safetensors")) {
        return words(
            "lora",
            file + "@1e38",
            file,
            "--base",
            plain.toString(),
            "--out",
            folder.resolve("sum.safetensors").toString());
      }
      String option = name.startsWith("yn-") ? "--detector" : "--quality";
      return words("photos", photos.toString(), option, file);
    }
  }

  // The first text is split at its spaces.
  private static String[] words(String first, String... more) {
    return Stream.concat(Stream.of(first.split(" ")), Stream.of(more)).toArray(String[]::new);
  }

  private static List<Path> thirdAttacks() throws IOException {
    try (Stream<Path> files = Files.list(Material.ofCase("third/attacks"))) {
      return files.sorted().toList();
    }
  }

  @Test
  void everyPhotoOfTheAttacksIsRejectedOrKept() throws IOException {
    Path photos = goodPhotos(folder);
    List<Path> attacks = attacks(true);
    for (Path file : attacks) {
      Files.copy(file, photos.resolve(file.getFileName()));
    }
    CommandResult run = CommandResult.of("photos", photos.toString(), "--json");
    assertEquals(0, run.status(), run.err());
    assertTrue((run.out() + run.err()).codePoints().noneMatch(CasesTest::isControl), run.out());
    List<?> found = (List<?>) JSON.std.mapFrom(run.out()).get("photos");
    assertEquals(attacks.size() + 3, found.size(), run.out());
    for (Object entry : found) {
      Map<?, ?> photo = (Map<?, ?>) entry;
      boolean good = photo.get("file").toString().startsWith("selfie-");
      boolean rejected = photo.get("verdict").equals("reject");
      assertFalse(rejected && good, photo.toString());
      assertFalse(rejected && ((List<?>) photo.get("reasons")).isEmpty(), photo.toString());
    }
  }

  private static Path goodPhotos(Path photos) throws IOException {
    try (Stream<Path> files = Files.list(GOOD)) {
      for (Path photo : files.sorted().limit(3).toList()) {
        Files.copy(photo, photos.resolve(photo.getFileName()));
      }
    }
    return photos;
  }

  /**
   * {@code reports/trailing-underscore}: no small model has the shapes of this LoRA, so all of its
   * keys find their weight and differ from it in shape alone. {@link WeightFilesTest} opens others.
   */
  @Test
  void findsTheWeightsOfALoraWhoseLayersEndInAnUnderscore() throws IOException {
    Path lora = Material.ofCase("reports/trailing-underscore/lora.safetensors");
    Attacks models = new Attacks();
    models.open(folder);
    CommandResult run = models.generate(models.flux, "--lora", lora.toString());
    assertEquals(3, run.status(), run.err());
    assertTrue(
        run.err()
            .contains(lora + " has keys that do not fit dev (12, e.g."
                + " \"lora_unet_context_embedder_.lora_down.weight\" [4, 64] beside a weight"),
        run.err());
  }

  private static List<Path> attacks(boolean photos) throws IOException {
    try (Stream<Path> files = Files.list(Material.ofCase("attacks"))) {
      return files
          .filter(file -> file.getFileName().toString().matches(PHOTOS) == photos)
          .sorted()
          .toList();
    }
  }

  private static boolean isControl(int c) {
    return Character.isISOControl(c) && c != '\n' && c != '\r';
  }
}
