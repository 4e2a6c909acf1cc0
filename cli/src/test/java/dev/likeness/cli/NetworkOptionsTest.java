package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Options of diffusers' pipelines: FreeU, guess mode, a cropped mask, block weights. */
@ExtendWith(NoTensorLeaks.class)
class NetworkOptionsTest {
  @TempDir
  private static Path shared;

  private static Path base;
  private static Path image;
  private static Path mask;

  @TempDir
  private Path folder;

  @BeforeAll
  static void paint() {
    base = TinyBase.in(shared);
    byte[] rgb = new byte[45 * 61 * 3];
    Arrays.fill(rgb, 0, rgb.length / 2, (byte) 200);
    image = shared.resolve("image.png");
    RgbImage.of(45, 61, rgb).writePng(image);
    byte[] white = new byte[45 * 61 * 3];
    for (int y = 30; y < 36; y++) {
      Arrays.fill(white, (y * 45 + 20) * 3, (y * 45 + 28) * 3, (byte) 255);
    }
    mask = shared.resolve("mask.png");
    RgbImage.of(45, 61, white).writePng(mask);
  }

  private CommandResult generate(Path of, String name, String... options) {
    List<String> words = new ArrayList<>(List.of(
        "generate",
        "--base",
        of.toString(),
        "--prompt",
        "a cat",
        "--steps",
        "2",
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--out",
        folder.resolve(name).toString()));
    words.addAll(List.of(options));
    return CommandResult.of(words.toArray(String[]::new));
  }

  private RgbImage imageOf(String name, String... options) {
    CommandResult run = generate(base, name, options);
    assertEquals(0, run.status(), run.err());
    return RgbImage.read(folder.resolve(name).resolve("image-001.png"));
  }

  @Test
  void everyOptionActsAndIsRecorded() throws IOException {
    RgbImage plain = imageOf("plain");
    assertFalse(plain.equals(imageOf("freeu", "--freeu", "0.9,0.2,1.5,1.6")));
    assertTrue(guidance("freeu").contains("s1=0.9, s2=0.2, b1=1.5, b2=1.6"), guidance("freeu"));
    imageOf(
        "pag",
        "--pag-layers",
        "mid",
        "--degraded-guidance-start",
        "0.25",
        "--degraded-guidance-end",
        "0.75");
    assertTrue(guidance("pag").contains("start=0.25, end=0.75"), guidance("pag"));
    String net = TinyControlNets.write("edges", folder).toString();
    String[] control = {"--controlnet", net, "--control-image", image.toString()};
    String[] guess = Arrays.copyOf(control, 5);
    guess[4] = "--guess-mode";
    assertFalse(imageOf("control", control).equals(imageOf("guess", guess)));
  }

  private String guidance(String name) throws IOException {
    Map<String, Object> record =
        JSON.std.mapFrom(Files.readString(folder.resolve(name).resolve("images.json")));
    return ((Map<?, ?>) ((List<?>) record.get("images")).get(0))
        .get("guidance_options")
        .toString();
  }

  @Test
  void generatesACroppedMaskInTheSizeOfTheImage() {
    Path tensors = folder.resolve("tensors.safetensors");
    RgbImage made = imageOf(
        "crop",
        "--init",
        image.toString(),
        "--mask",
        mask.toString(),
        "--padding-mask-crop",
        "4",
        "--width",
        "32",
        "--height",
        "48",
        "--tensors",
        tensors.toString());
    assertEquals("45x61", made.width() + "x" + made.height());
    RgbImage before = RgbImage.read(image);
    int changed = 0;
    for (int i = 0; i < 45 * 61; i++) {
      int x = i % 45;
      int y = i / 45;
      boolean same = made.at(x, y, 0) == before.at(x, y, 0);
      assertTrue(same || x >= 20 && x < 28 && y >= 30 && y < 36, x + "," + y);
      changed += same ? 0 : 1;
    }
    assertTrue(changed > 20, changed + " pixels changed");
    try (Safetensors written = Safetensors.open(tensors)) {
      assertEquals("[1, 3, 48, 32]", Arrays.toString(written.shape("images")));
    }
  }

  @Test
  void weighsTheBlocksOfALora() {
    Path file = folder.resolve("style.safetensors");
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(1L)) {
      String query = "_transformer_blocks_0_attn1_to_q.diff";
      SafetensorsWriter.write(
          file,
          Map.of(
              "lora_unet_mid_block_attentions_0" + query,
              noise.next(64, 64).squeeze(0),
              "lora_unet_up_blocks_1_attentions_1" + query,
              noise.next(32, 32).squeeze(0)),
          Map.of());
    }
    RgbImage plain = imageOf("plain");
    assertFalse(plain.equals(imageOf("whole", "--lora", file + "@1")));
    assertEquals(plain, imageOf("none", "--lora", file + "@1:unet=0,text_encoder=0"));
    assertEquals(
        imageOf("names", "--lora", file + "@0.5:text_encoder=0,down=0.2,mid=0.4,up=1"),
        imageOf("list", "--lora", file + "@0.5:0,0.2,0.4,1,1"));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      --freeu 0.9,0.2 | --freeu needs four numbers, S1,S2,B1,B2, got 2
      --freeu 0.9,0.2,0,1 | FreeU needs four factors above 0 and at most 3.4e38 (s1, s2, b1, b2), got 0.9, 0.2, 0.0, 1.0
      --guess-mode | --guess-mode does nothing without --controlnet; give both or neither
      --padding-mask-crop 4 | --padding-mask-crop does nothing without --mask; give both or\
       neither (try ./likeness generate --help)
      --degraded-guidance-start 0.1 | --degraded-guidance-start does nothing without --skip-layers or\
       --pag-layers; give one of them
      --degraded-guidance-end 0.1 | --degraded-guidance-end does nothing without --skip-layers or\
       --pag-layers; give one of them
      """)
  void refusesWhatCannotBe(String options, String words) {
    CommandResult run = generate(base, "none", options.split(" "));
    assertEquals(2, run.status());
    assertEquals("likeness: " + words, run.err().strip());
  }

  @Test
  void refusesUnreadableBlockWeights() {
    CommandResult run = generate(base, "none", "--lora", "x.safetensors@1:down=a");
    assertEquals(2, run.status());
    assertTrue(
        run.err().contains("\"a\" in the block weights \"down=a\" is not a weight"), run.err());
    run = CommandResult.of("lora", "x.safetensors@1:down=1", "--out", folder + "/y.safetensors");
    assertEquals(2, run.status());
    assertTrue(
        run.err().startsWith("likeness: block weights cannot be merged into a LoRA"), run.err());
  }

  @Test
  void namesTheFamilyAndTheOption() {
    CommandResult run =
        generate(PipelineFolder.any("flux/dev", folder), "none", "--freeu", "0.9,0.2,1.5,1.6");
    assertEquals(2, run.status(), run.err());
    assertTrue(
        run.err()
            .contains("a base of the family flux does not support FreeU (--freeu); leave it out"),
        run.err());
  }
}
