package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.command.ReferenceOptionTest;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a run is held to and kept within: ControlNets, guidance, memory. */
@ExtendWith(NoTensorLeaks.class)
class ControlCommandTest {
  @TempDir
  private Path folder;

  @Test
  void appliesAControlImageAtItsScale() throws IOException {
    Path base =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path();
    String net = TinyControlNets.write("edges", folder).toString();
    byte[] rgb = new byte[32 * 32 * 3];
    Arrays.fill(rgb, 0, rgb.length / 2, (byte) 200);
    Path image = folder.resolve("edges.png");
    RgbImage.of(32, 32, rgb).writePng(image);
    byte[] plain = pngOf(base, "plain");
    byte[] held = pngOf(base, "held", "--controlnet", net, "--control-image", image.toString());
    assertFalse(Arrays.equals(plain, held));
    assertArrayEquals(
        plain,
        pngOf(
            base,
            "off",
            "--controlnet",
            net,
            "--control-image",
            image.toString(),
            "--control-scale",
            "0"));
    Path lying = folder.resolve("lying.jpg");
    ReferenceOptionTest.rotated(lying, RgbImage.of(32, 32, rgb)).writePng(image);
    assertArrayEquals(
        pngOf(base, "held", "--controlnet", net, "--control-image", image.toString()),
        pngOf(base, "held", "--controlnet", net, "--control-image", lying.toString()));
    byte[] masked = pngOf(
        base,
        "masked",
        "--controlnet",
        net,
        "--control-image",
        image.toString(),
        "--control-mask",
        image.toString());
    assertFalse(Arrays.equals(held, masked));
    CommandResult half = CommandResult.of(
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        "a",
        "--controlnet",
        net,
        "--out",
        folder.resolve("half").toString());
    assertEquals(2, half.status());
    assertEquals(
        List.of(
            "give one --control-image IMAGE for each --controlnet DIR; got 0 --control-image and 1"
                + " --controlnet"),
        half.errorLines());
    CommandResult more = CommandResult.of(
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        "a",
        "--controlnet",
        net,
        "--control-image",
        image.toString(),
        "--control-end",
        "0.5",
        "--control-end",
        "0.7",
        "--out",
        folder.resolve("more").toString());
    assertEquals(2, more.status());
    assertEquals(
        List.of(
            "--control-scale, --control-start, --control-end, --control-mode and --control-mask "
                + "may be given once for each --controlnet, got 1 --controlnet; leave out the "
                + "surplus options"),
        more.errorLines());
  }

  @Test
  void passesModesToAUnionControlNet() throws IOException {
    Path base = PipelineFolder.any("sdxl/xl-base", folder);
    String net = TinyControlNets.write("xl-union", folder).toString();
    String image = folder.resolve("picture.png").toString();
    RgbImage.of(32, 32, new byte[32 * 32 * 3]).writePng(Path.of(image));
    String[] once = {"--controlnet", net, "--control-image", image, "--control-mode", "canny"};
    // Looked at beside the first, it tells its kind, whatever it counts.
    String[] again = Stream.of(once, new String[] {
          "--controlnet",
          net,
          "--control-image",
          image,
          "--control-mode",
          "1",
          "--control-scale",
          "1",
          "--control-scale",
          "0"
        })
        .flatMap(Stream::of)
        .toArray(String[]::new);
    assertFalse(Arrays.equals(pngOf(base, "once", once), pngOf(base, "again", again)));
    CommandResult untold = CommandResult.of(
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        "a",
        "--controlnet",
        net,
        "--control-image",
        image,
        "--out",
        folder.resolve("untold").toString());
    assertEquals(2, untold.status());
    assertTrue(
        untold
            .errorLines()
            .get(0)
            .contains("; give its name or number (--control-mode): 0 openpose, 1 depth"),
        untold.err());
  }

  @Test
  void printsAPlanThatKeepsToTheMemory() {
    Path base = PipelineFolder.write("flux/schnell", folder).path();
    byte[] plain = pngOf(base, "plain");
    assertArrayEquals(plain, pngOf(base, "planned", "--memory", "40GiB"));
    CommandResult run = CommandResult.of(
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        "a",
        "--memory",
        "1MB",
        "--out",
        folder.resolve("none").toString());
    assertEquals(4, run.status());
    assertTrue(
        run.errorLines()
            .get(0)
            .contains("the budget is 0.001 GiB: give more memory, or use a smaller image"),
        run.err());
  }

  private byte[] pngOf(Path base, String name, String... options) {
    List<String> words = new ArrayList<>(List.of(
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        "a person",
        "--steps",
        "2",
        "--width",
        "32",
        "--height",
        "32",
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--out",
        folder.resolve(name).toString()));
    words.addAll(List.of(options));
    CommandResult run = CommandResult.of(words.toArray(String[]::new));
    assertEquals(0, run.status(), run.err());
    assertTrue(
        !name.equals("planned")
            || run.err().contains("memory for one image of 32x32 on cpu f32, budget 40.0 GiB"),
        run.err());
    return RgbImage.read(folder.resolve(name).resolve("image-001.png")).rgb();
  }
}
