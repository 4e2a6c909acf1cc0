package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.GoldenReference;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.io.FullDisk;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class GenerateCommandTest {
  @TempDir
  private Path folder;

  @Test
  void writesNumberedImagesAndNamesThem() {
    Path out = folder.resolve("out");
    CommandResult run = CommandResult.of(
        "generate",
        "--base",
        TinyBase.in(folder).toString(),
        "--prompt",
        "a person",
        "--steps",
        "2",
        "--count",
        "2",
        "--width",
        "48",
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--out",
        out.toString());
    assertEquals(0, run.status(), run.err());
    assertEquals(
        List.of(
            out.resolve("image-001.png").toString(),
            out.resolve("image-002.png").toString()),
        run.out().lines().toList());
    RgbImage image = RgbImage.read(out.resolve("image-001.png"));
    assertEquals("48x32", image.width() + "x" + image.height());
  }

  @Test
  void recordsRequestsWithoutFolders() throws IOException {
    Path out = folder.resolve("out");
    Path base = TinyBase.in(folder);
    CommandResult run = CommandResult.of(
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        "a man/woman",
        "--seed",
        "3",
        "--steps",
        "2",
        "--count",
        "2",
        "--scheduler",
        "euler a",
        "--vae-tiling",
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--out",
        out.toString());
    assertEquals(0, run.status(), run.err());
    String text = Files.readString(out.resolve("images.json"));
    assertFalse(text.contains(folder.toString()), text);
    Map<String, Object> record = JSON.std.mapFrom(text);
    assertEquals(
        Set.of("likeness_version", "created", "java", "base", "compute", "options", "images"),
        record.keySet());
    assertEquals(List.of("a man/woman"), ((Map<?, ?>) record.get("options")).get("--prompt"));
    assertEquals(
        List.of(base.getFileName().toString()), ((Map<?, ?>) record.get("options")).get("--base"));
    assertTrue(((Map<?, ?>) record.get("options")).containsKey("--vae-tiling"), text);
    assertEquals(
        "{file=image-002.png, seed=4, prompt=a man/woman, scheduler=euler a, steps=2, guidance=7.5, eta=0.0, width=32,"
            + " height=32, vae_tiling=true}",
        ((List<?>) record.get("images")).get(1).toString());
  }

  @Test
  void recordsBothPassesAndReportsIgnoredOptions() throws IOException {
    Path out = folder.resolve("out");
    CommandResult run = CommandResult.of(
        "generate",
        "--base",
        TinyBase.in(folder).toString(),
        "--prompt",
        "a cat",
        "--negative",
        "blurry",
        "--guidance",
        "1",
        "--steps",
        "2",
        "--hires",
        "1.5",
        "--scheduler",
        "DDIM",
        "--pag-layers",
        "mid",
        "--out",
        out.toString());
    assertEquals(0, run.status(), run.err());
    assertEquals(
        1,
        run.err()
            .lines()
            .filter(line -> line.startsWith("the negative prompt has no effect"))
            .count(),
        run.err());
    String sampled = "scheduler=DDIM, steps=2, guidance=1.0, eta=0.0, ";
    String settings =
        ", guidance_options={degraded_guidance={kind=PERTURBED_ATTENTION, layers=[mid], scale=3.0,"
            + " adaptive_scale=0.0, start=0.0, end=1.0}}";
    assertEquals(
        "[{file=image-001.png, seed=0, prompt=a cat, negative=blurry, " + sampled
            + "strength=0.6, width=48, height=48" + settings + ", first_pass={" + sampled
            + "width=32, height=32" + settings
            + ", hires={scale=1.5, strength=0.6, pixels=false}}}]",
        JSON.std
            .mapFrom(Files.readString(out.resolve("images.json")))
            .get("images")
            .toString());
  }

  @Test
  void checksTheTensorFileBeforeGeneration() {
    Path out = folder.resolve("out");
    CommandResult run = CommandResult.of(
        "generate",
        "--base",
        TinyBase.in(folder).toString(),
        "--prompt",
        "a person",
        "--steps",
        "2",
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--tensors",
        folder.toString(),
        "--out",
        out.toString());
    assertEquals(
        List.of("--tensors " + folder + " is a folder; give a file in it"), run.errorLines());
    assertFalse(Files.exists(out));
  }

  @Test
  void writesTheNumbersThatDiffusersComputes() {
    GoldenFolder golden = GoldenFolder.write("base", GoldenFolder.KeyFormat.PUBLISHED, folder);
    try (GoldenReference reference = golden.reference();
        TensorScope scope = TensorScope.open()) {
      GoldenReference.Run asked = reference.runs().get(0);
      Path tensors = folder.resolve("run.safetensors");
      CommandResult run = CommandResult.of(
          "generate",
          "--base",
          golden.path().toString(),
          "--prompt",
          asked.prompt(),
          "--negative",
          asked.negative(),
          "--guidance",
          String.valueOf(asked.guidance()),
          "--steps",
          String.valueOf(asked.steps()),
          "--width",
          String.valueOf(asked.width()),
          "--height",
          String.valueOf(asked.height()),
          "--seed",
          String.valueOf(asked.seeds().get(0)),
          "--dtype",
          "f32",
          "--device",
          "cpu",
          "--tensors",
          tensors.toString(),
          "--out",
          folder.resolve("out").toString());
      assertEquals(0, run.status(), run.err());
      try (Safetensors written = Safetensors.open(tensors)) {
        assertClose(
            ImageTensors.floats(reference.tensor("run0.images").narrow(0, 0, 1)),
            ImageTensors.floats(
                Closeness.everySecond(Closeness.everySecond(written.read("images"), 2), 3)),
            1e-3);
        assertEquals(4, written.shape("latents").length);
        assertClose(
            ImageTensors.floats(reference.tensor("run0.latents").narrow(0, 0, 1)),
            ImageTensors.floats(written.read("latents")),
            1e-3);
      }
    }
  }

  @Test
  void endsWithFourOnAFullDiskAndLeavesNothing() {
    Path base = TinyBase.in(folder);
    Path out = folder.resolve("out");
    CommandResult run;
    try (FullDisk disk = FullDisk.after(100)) {
      run = CommandResult.of(
          "generate",
          "--base",
          base.toString(),
          "--prompt",
          "a person",
          "--steps",
          "1",
          "--out",
          out.toString());
    }
    assertEquals(4, run.status());
    assertEquals(
        List.of("cannot write " + out.resolve("image-001.png")
            + ": No space left on device; make room on the disk, or choose another place"),
        run.errorLines());
    assertEquals(List.of(), TinyBase.namesIn(out));
  }

  @Test
  void findsOutFirstThatItCannotWrite() throws IOException {
    Path taken = Files.createFile(folder.resolve("out"));
    CommandResult run = CommandResult.of(
        "generate",
        "--base",
        folder.resolve("nothing").toString(),
        "--prompt",
        "a person",
        "--out",
        taken.toString());
    assertEquals(2, run.status());
    assertEquals(List.of("--out " + taken + " is a file; give a folder"), run.errorLines());
  }

  @Test
  void stopsWithinAStepWhenCancelledAndLeavesNothing() {
    Path out = folder.resolve("out");
    CommandResult run = CommandResult.cancelledAt(
        "sample",
        "generate",
        "--base",
        TinyBase.in(folder).toString(),
        "--prompt",
        "a person",
        "--steps",
        "500",
        "--out",
        out.toString());
    assertEquals(130, run.status());
    assertEquals(List.of("cancelled; no half-written file was left"), run.errorLines());
    assertEquals(List.of(), TinyBase.namesIn(out));
  }

  @Test
  void keepsImagesFinishedBeforeItIsCancelled() throws IOException {
    Path out = folder.resolve("out");
    // The sixth is drawn in the second pass: four share the first.
    CommandResult run = CommandResult.cancelledAt(
        2,
        "sample: ",
        "generate",
        "--base",
        TinyBase.in(folder).toString(),
        "--prompt",
        "a person",
        "--steps",
        "1",
        "--count",
        "6",
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--out",
        out.toString());
    assertEquals(130, run.status(), run.err());
    assertEquals(
        List.of("image-001.png", "image-002.png", "image-003.png", "image-004.png", "images.json"),
        TinyBase.namesIn(out));
    assertEquals(
        4,
        ((List<?>)
                JSON.std.mapFrom(Files.readString(out.resolve("images.json"))).get("images"))
            .size());
    assertEquals(4, run.out().lines().count());
  }

  private static void assertClose(float[] expected, float[] actual, double tolerance) {
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      assertTrue(
          Math.abs(expected[i] - actual[i]) <= tolerance,
          "value " + i + ": " + actual[i] + ", not " + expected[i]);
    }
  }
}
