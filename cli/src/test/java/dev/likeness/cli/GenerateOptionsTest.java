package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.cli.command.ReferenceOptionTest;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.HiresFix;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every option of {@code generate} that changes an image, against the request that it stands for.
 */
@ExtendWith(NoTensorLeaks.class)
class GenerateOptionsTest {
  private static final ImageRequest REQUEST = ImageRequest.of("a (red:1.4) cat")
      .steps(4)
      .seed(3)
      .size(32, 24)
      .guidance(3)
      .scheduler("DDIM");

  @TempDir
  private static Path folder;

  private static Path base;
  private static RgbImage image;
  private static RgbImage mask;

  @BeforeAll
  static void paint() throws IOException {
    base = TinyBase.in(folder);
    byte[] rgb = new byte[40 * 32 * 3];
    byte[] half = new byte[rgb.length];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i * 7 / 5);
      half[i] = (byte) (i / 3 % 40 < 20 ? 255 : 60);
    }
    image = RgbImage.of(40, 32, rgb);
    mask = RgbImage.of(40, 32, half);
    image.writePng(folder.resolve("init.png"));
    mask.writePng(folder.resolve("mask.png"));
    ImageIO.write(
        new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB),
        "png",
        folder.resolve("clear.png").toFile());
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          folder.resolve("red.safetensors"), Map.of("emb_params", torch.ones(2, 32)), Map.of());
    }
  }

  static Stream<Arguments> options() throws IOException {
    InitialImage lying = InitialImage.of(
            ReferenceOptionTest.rotated(folder.resolve("lying.jpg"), image))
        .strength(0.6);
    RgbImage lyingMask = ReferenceOptionTest.rotated(folder.resolve("mask.jpg"), mask);
    ImageRequest whole = REQUEST.size(40, 32);
    InitialImage initial = InitialImage.of(image).strength(0.6);
    GuidanceOptions guidance = GuidanceOptions.DEFAULT;
    ImageRequest wider = REQUEST.outpaint(image, 8, 0, 0, 16);
    return Stream.of(
        Arguments.of("", REQUEST),
        Arguments.of("--negative blurry", REQUEST.negative("blurry")),
        Arguments.of(
            "--scheduler euler_a --steps 3", REQUEST.scheduler("euler_a").steps(3)),
        Arguments.of(
            "--scheduler lcm --timesteps 999,749,499,249",
            REQUEST.scheduler("lcm").timesteps(999, 749, 499, 249)),
        Arguments.of(
            "--scheduler Euler --sigmas 14.6,3.9,0.96,0",
            REQUEST.scheduler("Euler").sigmas(14.6, 3.9, 0.96, 0)),
        Arguments.of("--init init.png --strength 0.6", whole.initialImage(initial)),
        Arguments.of("--init-image init.png", whole.initialImage(InitialImage.of(image))),
        Arguments.of(
            "--init init.png --strength 0.6 --mask mask.png",
            whole.initialImage(initial.mask(mask))),
        Arguments.of(
            "--init init.png --strength 0.6 --mask mask.png --no-paste",
            whole.initialImage(initial.mask(mask).pasteUnmasked(false))),
        Arguments.of(
            "--init init.png --strength 0.6 --change-map mask.png",
            whole.initialImage(initial.changeMap(mask))),
        Arguments.of(
            "--init lying.jpg --strength 0.6 --mask mask.jpg",
            whole.initialImage(lying.mask(lyingMask))),
        Arguments.of(
            "--init lying.jpg --strength 0.6 --change-map mask.jpg",
            whole.initialImage(lying.changeMap(lyingMask))),
        Arguments.of(
            "--init init.png --strength 0.9 --extend 8,0,0,16",
            wider.initialImage(wider.initialImage().orElseThrow().strength(0.9))),
        Arguments.of(
            "--init init.png --extend 3,0,0,17 --width 40 --height 24",
            REQUEST.outpaint(image, 3, 0, 0, 17).size(40, 24)),
        Arguments.of(
            "--init init.png --strength 0.6 --change-map clear.png",
            whole.initialImage(initial.changeMap(RgbImage.of(1, 1, new byte[3])))),
        Arguments.of("--hires 1.5 --hires-strength 0.5", REQUEST.hires(HiresFix.latents(1.5, 0.5))),
        Arguments.of(
            "--hires 1.5 --hires-strength 0.5 --hires-pixels",
            REQUEST.hires(HiresFix.pixels(1.5, 0.5))),
        Arguments.of("--prompt-syntax a1111", REQUEST.syntax(PromptSyntax.A1111)),
        Arguments.of("--clip-skip 2", REQUEST.clipSkip(2)),
        Arguments.of(
            "--embedding red.safetensors",
            REQUEST.textualInversion(TextualInversion.open(folder.resolve("red.safetensors")))),
        Arguments.of("--guidance-rescale 0.7", REQUEST.guidance(guidance.rescale(0.7))),
        Arguments.of(
            "--guidance-start 0.3 --guidance-end 0.8",
            REQUEST.guidance(guidance.between(0.3, 0.8))),
        Arguments.of("--deep-cache 3", REQUEST.caching(CachingOptions.deepCache(3, 0))),
        Arguments.of("--deep-forecast 4", REQUEST.caching(CachingOptions.deepForecast(4, 0))),
        Arguments.of(
            "--scheduler DDIM --steps 8 --extrapolate 2",
            REQUEST.steps(8).caching(CachingOptions.extrapolation(2))),
        Arguments.of(
            "--deep-cache 3 --token-merging 0.5",
            REQUEST.caching(CachingOptions.deepCache(3, 0).tokenMerging(0.5))),
        Arguments.of("--token-merging 0.5", REQUEST.caching(CachingOptions.NONE.tokenMerging(0.5))),
        Arguments.of("--caching deep-cache:3", REQUEST.caching(CachingOptions.deepCache(3, 0))),
        Arguments.of(
            "--caching deep-forecast:4", REQUEST.caching(CachingOptions.deepForecast(4, 0))),
        Arguments.of(
            "--scheduler DDIM --steps 8 --caching extrapolate:2",
            REQUEST.steps(8).caching(CachingOptions.extrapolation(2))),
        Arguments.of(
            "--caching deep-cache:3,merge:0.5",
            REQUEST.caching(CachingOptions.deepCache(3, 0).tokenMerging(0.5))),
        Arguments.of("--caching merge:0.5", REQUEST.caching(CachingOptions.NONE.tokenMerging(0.5))),
        Arguments.of("--sequential-guidance", REQUEST.guidance(guidance.sequentially())));
  }

  @ParameterizedTest
  @MethodSource("options")
  void equalsTheRequest(String options, ImageRequest asked) {
    try (BaseModel model = BaseModel.open(base, Compute.EXACT)) {
      assertArrayEquals(model.generate(asked).pixels(), pixelsOf(asked, options), 1e-6f, options);
    }
  }

  @Test
  void tilesTheAutoencoder() {
    try (BaseModel model = BaseModel.open(base, Compute.EXACT)) {
      float[] whole = model.generate(REQUEST).pixels();
      float[] tiled = pixelsOf(REQUEST, "--vae-tiling");
      assertArrayEquals(model.generate(REQUEST.withVaeTiling()).pixels(), tiled, 1e-6f);
      assertArrayEquals(whole, tiled, 1e-5f, "the same but for rounding");
      assertFalse(
          Arrays.equals(whole, tiled), "norms of strips round otherwise than norms of the whole");
    }
  }

  /** A tiny autoencoder draws the final image like any other. */
  @ParameterizedTest
  @ValueSource(strings = {"gelu", "tiny-autoencoder"})
  void replacesComponents(String variant) {
    Path other =
        GoldenFolder.write(variant, GoldenFolder.KeyFormat.CURRENT, folder).path();
    try (BaseModel model =
        BaseModel.open(ModelFiles.of(base).with("vae", other.resolve("vae")), Compute.EXACT)) {
      assertArrayEquals(
          model.generate(REQUEST).pixels(),
          pixelsOf(REQUEST, "--vae " + other.resolve("vae")),
          1e-6f);
      assertArrayEquals(
          model.generate(REQUEST).pixels(), pixelsOf(REQUEST, "--part vae=" + other), 1e-6f);
    }
  }

  @Test
  void holdsTheNetworkInEightBits() {
    ModelFiles files = ModelFiles.of(base);
    try (BaseModel model = BaseModel.open(
            files, Compute.EXACT, MemoryBudget.unlimited().allow8Bit(EightBits.WEIGHTS));
        BaseModel exact = BaseModel.open(files, Compute.EXACT)) {
      float[] small = pixelsOf(REQUEST, "--eight-bits");
      assertArrayEquals(model.generate(REQUEST).pixels(), small, 1e-6f);
      assertFalse(Arrays.equals(exact.generate(REQUEST).pixels(), small), "eight bits round");
    }
  }

  @Test
  void multipliesInEightBitsWithinALimit() {
    assumeTrue(Compute.EXACT.hasEightBitProducts(), "this CPU has no VNNI");
    float[] unlimited = pixelsOf(REQUEST, "--eight-bit-products");
    assertArrayEquals(unlimited, pixelsOf(REQUEST, "--eight-bit-products --memory 60GiB"), 1e-6f);
    CommandResult both = CommandResult.of(
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        "a",
        "--eight-bits",
        "--eight-bit-products",
        "--out",
        folder.resolve("refused").toString());
    assertEquals(2, both.status());
    assertTrue(
        both.err()
            .contains("--eight-bit-products cannot be combined with --eight-bits; leave out one of"
                + " the two options"),
        both.err());
  }

  @Test
  void writesPreviewsUntilTheImageIsDone() {
    Path out = folder.resolve("watched");
    List<String> seen = new ArrayList<>();
    CommandResult run = CommandResult.watched(
        text -> {
          if (text.startsWith("decode")) {
            CommandResult.awaitFile(out.resolve("preview-001.png"));
            seen.addAll(TinyBase.namesIn(out));
          }
        },
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        "a cat",
        "--steps",
        "3",
        "--preview",
        base.resolve("vae").toString(),
        "--dtype",
        "f32",
        "--out",
        out.toString());
    assertEquals(0, run.status(), run.err());
    assertTrue(seen.contains("preview-001.png"), seen.toString());
    assertFalse(seen.contains("image-001.png"), seen.toString());
    assertEquals(List.of("image-001.png", "images.json"), TinyBase.namesIn(out));
  }

  private static float[] pixelsOf(ImageRequest asked, String options) {
    Path tensors = folder.resolve("run.safetensors");
    List<String> args = new ArrayList<>(List.of(
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        asked.prompt(),
        "--seed",
        "3",
        "--guidance",
        "3",
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--overwrite",
        "--tensors",
        tensors.toString(),
        "--out",
        folder.resolve("out").toString()));
    if (asked.initialImage().isEmpty()) {
      args.addAll(List.of("--width", "32", "--height", "24"));
    } else if (asked.initialImage().get().mask().isPresent() && !options.contains("--extend")) {
      args.addAll(List.of("--width", "40", "--height", "32"));
    }
    if (!options.contains("--scheduler")) {
      args.addAll(List.of("--scheduler", "DDIM", "--steps", "4"));
    }
    Stream.of(options.split(" "))
        .filter(word -> !word.isEmpty())
        .map(word ->
            word.matches(".*(png|jpg|red.safetensors)") ? folder.resolve(word).toString() : word)
        .forEach(args::add);
    CommandResult run = CommandResult.of(args.toArray(String[]::new));
    assertEquals(0, run.status(), run.err());
    try (Safetensors written = Safetensors.open(tensors);
        TensorScope scope = TensorScope.open()) {
      return ImageTensors.floats(written.read("images"));
    }
  }
}
