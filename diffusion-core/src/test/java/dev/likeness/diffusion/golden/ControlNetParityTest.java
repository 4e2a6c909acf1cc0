package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ClosedWhileGenerating;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.flux.FluxConfig;
import dev.likeness.diffusion.internal.family.flux.FluxControlNet;
import dev.likeness.diffusion.internal.family.flux.FluxControlNetModel;
import dev.likeness.diffusion.internal.family.flux.FluxTransformer2DModel;
import dev.likeness.diffusion.internal.family.stablediffusion.ControlNetConfig;
import dev.likeness.diffusion.internal.file.ListedTensors;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class ControlNetParityTest {
  @TempDir
  private Path scratch;

  static List<GoldenImages.Run> runs() {
    return GoldenImages.runs("control");
  }

  @ParameterizedTest
  @MethodSource("runs")
  void generatesAsDiffusers(GoldenImages.Run run) {
    Path folder = PipelineFolder.any(run.text("folder"), scratch);
    GoldenFolder.schedule(folder, (Map<?, ?>) run.arguments().get("scheduler"));
    // A net that is named twice looks at both images.
    Map<String, ControlNet> nets = new HashMap<>();
    try (GoldenImages golden = GoldenImages.open("control", scratch);
        BaseModel base = BaseModel.open(folder, Compute.EXACT);
        TensorScope scope = TensorScope.open()) {
      Map<?, ?> call = (Map<?, ?>) run.arguments().get("call");
      ImageRequest request = GoldenImages.baseRequest(run)
          .guidance(GuidanceOptions.DEFAULT.trueCfgScale(
              call.get("true_cfg_scale") instanceof Number scale ? scale.doubleValue() : 1));
      if (run.arguments().get("image") != null) {
        request = request.initialImage(
            TinyControlNets.slope(run.integer("width"), run.integer("height"), false),
            run.number("image", 0));
      }
      for (int i = 0; i < list(run, "nets").size(); i++) {
        ControlNet net = nets.computeIfAbsent(
            (String) list(run, "nets").get(i),
            name -> BaseModel.openControlNet(TinyControlNets.write(name, scratch), Compute.EXACT));
        request = request.controlImage(controlImage(run, net, i));
      }
      List<GeneratedImage> drawn = base.generateAll(request, Run.silent());
      if (run.text("pipeline").contains("Union")) {
        golden.compareLatents(run, drawn);
      } else {
        golden.compareImages(run, drawn);
      }
    } finally {
      nets.values().forEach(ControlNet::close);
    }
  }

  static ControlImage controlImage(GoldenImages.Run run, ControlNet net, int i) {
    List<?> size = (List<?>) list(run, "pictures").get(i);
    ControlImage control = ControlImage.of(
            net, TinyControlNets.slope((Integer) size.get(0), (Integer) size.get(1), i % 2 == 1))
        .scale(number(run, "scale", i))
        .between(number(run, "start", i), number(run, "end", i));
    int mode = run.arguments().get("mode") == null ? -1 : (int) number(run, "mode", i);
    return mode < 0 ? control : control.mode(mode);
  }

  private static List<?> list(GoldenImages.Run run, String name) {
    return (List<?>) run.arguments().get(name);
  }

  private static double number(GoldenImages.Run run, String name, int i) {
    return ((Number) list(run, name).get(i)).doubleValue();
  }

  /** What it adds after blocks that are left out would be added twice. */
  @Test
  void doesNotGoBesideTheFirstBlockCache() {
    try (BaseModel base = BaseModel.open(PipelineFolder.any("flux/dev", scratch), Compute.EXACT);
        ControlNet net =
            BaseModel.openControlNet(TinyControlNets.write("flux", scratch), Compute.EXACT)) {
      ImageRequest request = ImageRequest.of("a cat")
          .size(32, 32)
          .controlImage(ControlImage.of(net, TinyControlNets.slope(32, 32, false)));
      assertEquals(
          "the first-block cache cannot be combined with ControlNets, because it skips blocks that"
              + " ControlNets change; use extrapolation, or leave"
              + " out one of the two",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> base.generate(request.caching(CachingOptions.firstBlock(0.1))))
              .getMessage());
    }
  }

  @Test
  void isClosedOnceNoGenerationUsesIt() throws InterruptedException {
    try (BaseModel base = BaseModel.open(PipelineFolder.any("sd1/base", scratch), Compute.EXACT)) {
      ControlNet net =
          BaseModel.openControlNet(TinyControlNets.write("edges", scratch), Compute.EXACT);
      ImageRequest held = ImageRequest.of("a cat")
          .steps(2)
          .controlImage(ControlImage.of(net, TinyControlNets.slope(32, 32, false)));
      ClosedWhileGenerating.refuses("ControlNet controlnet-edges", base, held, net::close);
    }
  }

  @Test
  void generatesAtTheSizeOfTheFirstImage() {
    try (BaseModel base = BaseModel.open(PipelineFolder.any("sd1/base", scratch), Compute.EXACT);
        ControlNet net =
            BaseModel.openControlNet(TinyControlNets.write("edges", scratch), Compute.EXACT)) {
      ImageRequest request = ImageRequest.of("a cat").steps(1).guidance(1);
      ImageRequest held = request
          .controlImage(ControlImage.of(net, TinyControlNets.slope(43, 30, false)))
          .controlImage(ControlImage.of(net, TinyControlNets.slope(64, 64, false)));
      assertEquals("40x24 image", base.generate(held).image().toString());
      InitialImage masked = InitialImage.of(TinyControlNets.slope(34, 27, false))
          .mask(TinyControlNets.slope(34, 27, true));
      assertEquals(
          "34x26 image", base.generate(held.initialImage(masked)).image().toString());
    }
  }

  /** Masked is neither black nor what lies below. */
  @Test
  void setsMaskedPixelsToMinusOneForInpainting() {
    RgbImage white = half(255, 0);
    try (BaseModel base = BaseModel.open(PipelineFolder.any("sd1/base", scratch), Compute.EXACT);
        ControlNet net =
            BaseModel.openControlNet(TinyControlNets.write("edges", scratch), Compute.EXACT);
        BaseModel dev = BaseModel.open(PipelineFolder.any("flux/dev", scratch), Compute.EXACT);
        ControlNet flux =
            BaseModel.openControlNet(TinyControlNets.write("flux", scratch), Compute.EXACT)) {
      ImageRequest request = ImageRequest.of("a cat").steps(1).size(32, 32);
      float[] masked = base.generate(
              request.controlImage(ControlImage.of(net, half(90, 200)).mask(white)))
          .pixels();
      assertArrayEquals(
          masked,
          base.generate(request.controlImage(ControlImage.of(net, half(10, 200)).mask(white)))
              .pixels());
      assertFalse(Arrays.equals(
          masked,
          base.generate(request.controlImage(ControlImage.of(net, half(0, 200))))
              .pixels()));
      assertRefused(
          dev,
          ControlImage.of(flux, white).mask(white),
          "ControlNet controlnet-flux is for FLUX and does not support a"
              + " mask; give the control image without one");
    }
  }

  private static RgbImage half(int upper, int lower) {
    byte[] rgb = new byte[32 * 32 * 3];
    Arrays.fill(rgb, 0, rgb.length / 2, (byte) upper);
    Arrays.fill(rgb, rgb.length / 2, rgb.length, (byte) lower);
    return RgbImage.of(32, 32, rgb);
  }

  @Test
  void computesAsItsBaseDoes() {
    try (BaseModel base = BaseModel.open(PipelineFolder.any("sd1/base", scratch), Compute.EXACT);
        ControlNet net = BaseModel.openControlNet(
            TinyControlNets.write("edges", scratch), Compute.EXACT.withDtype(DType.BF16))) {
      assertRefused(
          base,
          ControlImage.of(net, TinyControlNets.slope(32, 32, false)),
          "ControlNet controlnet-edges uses cpu bf16, but the base uses cpu"
              + " f32; open both with the same Compute");
    }
  }

  @Test
  void preprocessesPixelsAsDiffusers() {
    Path folder = TinyControlNets.write("flux-pixels", scratch);
    FluxConfig base = FluxConfig.of(ModelConfig.of(
        new HashMap<>(Map.of(
            "in_channels",
            16,
            "attention_head_dim",
            16,
            "num_attention_heads",
            2,
            "joint_attention_dim",
            24,
            "axes_dims_rope",
            List.of(4, 6, 6))),
        "a base"));
    try (GoldenImages golden = GoldenImages.open("control", scratch);
        TensorScope scope = TensorScope.open();
        ControlNet net = BaseModel.openControlNet(folder, Compute.EXACT)) {
      FluxControlNetModel model = ((FluxControlNet) net).network(base);
      Tensor text = golden.tensor("pixels.text");
      Tensor positions = torch.cat(
          new TensorVector(torch.zeros(text.size(1), 3), golden.tensor("pixels.positions")), 0);
      FluxControlNetModel.Residuals added = model
          .forward(
              golden.tensor("pixels.hidden"),
              golden.tensor("pixels.time"),
              new FluxTransformer2DModel.Inputs(
                  text, golden.tensor("pixels.pooled"), golden.tensor("pixels.guidance")),
              RotaryEmbedding.of(positions, base.axes()),
              model.conditioningEmbedding(golden.tensor("pixels.picture")),
              -1)
          .scale(0.75);
      Tensor blocks = torch.stack(new TensorVector(added.blocks().toArray(Tensor[]::new)), 0);
      Closeness.assertWithinSpread(1e-4, golden.tensor("pixels.blocks"), blocks, "flux-pixels");
      assertEquals(
          List.of(true, 0), List.of(added.interleaved(), added.singles().size()));
    }
  }

  @Test
  void saysWhichBaseAControlNetIsFor() throws IOException {
    RgbImage image = TinyControlNets.slope(16, 16, false);
    Path folder = PipelineFolder.any("sd1/base", scratch);
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        BaseModel three = BaseModel.open(PipelineFolder.any("sd3/three", scratch), Compute.EXACT);
        BaseModel dev = BaseModel.open(PipelineFolder.any("flux/dev", scratch), Compute.EXACT);
        ControlNet xl =
            BaseModel.openControlNet(TinyControlNets.write("xl", scratch), Compute.EXACT);
        ControlNet union =
            BaseModel.openControlNet(TinyControlNets.write("flux-union", scratch), Compute.EXACT)) {
      assertRefused(
          base,
          ControlImage.of(xl, image),
          "ControlNet controlnet-xl is for a UNet with size ids, of widths [16, 32, 48] and text"
              + " width 72, but the base is a UNet without size ids, of widths [32, 64] and text"
              + " width 32; use a ControlNet for this base");
      assertRefused(
          base,
          ControlImage.of(union, image),
          "ControlNet controlnet-flux-union is for FLUX, but the base is a UNet without size ids, of"
              + " widths [32, 64] and text width 32; use a ControlNet for this base");
      assertRefused(
          dev,
          ControlImage.of(xl, image),
          "ControlNet controlnet-xl is for a UNet, but the base is FLUX of width 32; use"
              + " a ControlNet for this base");
      assertRefused(
          dev,
          ControlImage.of(union, image),
          "ControlNet controlnet-flux-union has 3 control modes and needs one for"
              + " each control image; give its number (--control-mode)");
      assertRefused(
          three,
          ControlImage.of(xl, image),
          "this base does not support ControlNets; leave out the control images, or use another"
              + " base");
      assertEquals(
          "ControlNet controlnet-flux-union has no control mode 3; number of its control modes,"
              + " counted from 0: 3",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> ControlImage.of(union, image).mode(3))
              .getMessage());
    }
    Path unet = folder.resolve("unet");
    assertEquals(
        unet
            + " is a UNet2DConditionModel; supported: ControlNetModel, ControlNetUnionModel,"
            + " FluxControlNetModel",
        assertThrows(
                InvalidInputException.class, () -> BaseModel.openControlNet(unet, Compute.EXACT))
            .getMessage());
  }

  @Test
  void acceptsTheModesOfAUnionByName() {
    String all =
        "; give its name or number (--control-mode): 0 openpose, 1 depth, 2 hed/pidi/scribble/ted,"
            + " 3 canny/lineart/anime_lineart/mlsd, 4 normal, 5 segment";
    try (BaseModel base =
            BaseModel.open(PipelineFolder.any("sdxl/xl-base", scratch), Compute.EXACT);
        ControlNet union =
            BaseModel.openControlNet(TinyControlNets.write("xl-union", scratch), Compute.EXACT)) {
      ControlImage control = ControlImage.of(union, half(90, 200));
      assertEquals(
          List.of(0, 3, 2, 5),
          Stream.of("openpose", "lineart", "ted", "5")
              .map(kind -> control.mode(kind).mode().getAsInt())
              .toList());
      assertRefused(
          base,
          control,
          "ControlNet controlnet-xl-union has 6 control modes and needs one for each control image"
              + all);
      assertEquals(
          "none of the 6 control modes of ControlNet controlnet-xl-union is called \"tile\"" + all,
          assertThrows(IllegalArgumentException.class, () -> control.mode("tile"))
              .getMessage());
      ImageRequest request = ImageRequest.of("a cat").steps(1).size(32, 32);
      assertArrayEquals(
          base.generate(
                  request.controlImage(ControlImage.of(union, half(0, 200)).mode("canny")))
              .pixels(),
          base.generate(request.controlImage(control.mode("canny").mask(half(255, 0))))
              .pixels());
      assertArrayEquals(
          base.generate(request).pixels(),
          base.generate(request
                  .controlImage(control.mode(3).between(0, 0.5))
                  .controlImage(control.mode(1).scale(0)))
              .pixels());
    }
  }

  private static void assertRefused(BaseModel base, ControlImage control, String words) {
    ImageRequest request = ImageRequest.of("a").steps(1).size(16, 16).controlImage(control);
    assertEquals(
        words,
        assertThrows(IllegalArgumentException.class, () -> base.generate(request))
            .getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Hard Edge Detection (canny)", "Lineart", "Segmentation Map"})
  void readsThePublishedNames(String name) throws IOException {
    Path folder = Material.of("keys/checkpoints/" + name);
    Map<String, Object> published = JSON.std.mapFrom(
        Files.readAllBytes(folder.resolve("diffusion_pytorch_model.fp16.safetensors.json")));
    Map<String, long[]> shapes = ListedTensors.of(
            ControlNetConfig.of(ModelConfig.read(folder.resolve("config.json"))))
        .shapes();
    assertEquals(published.keySet(), shapes.keySet());
    published.forEach((key, entry) -> assertArrayEquals(
        ((List<?>) ((Map<?, ?>) entry).get("shape"))
            .stream().mapToLong(size -> ((Number) size).longValue()).toArray(),
        shapes.get(key),
        key));
  }
}
