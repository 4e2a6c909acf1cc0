package dev.likeness.ipadapter;

import static dev.likeness.ipadapter.internal.GoldenRuns.integer;
import static dev.likeness.ipadapter.internal.GoldenRuns.number;
import static dev.likeness.ipadapter.internal.GoldenRuns.run;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.GoldenNetwork;
import dev.likeness.ipadapter.internal.GoldenRuns;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.lora.Lora;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** InfiniteYou beside its published pipeline: {@code tools/goldens/infiniteyou.py}. */
@ExtendWith(NoTensorLeaks.class)
class InfiniteYouTest {
  private static final GoldenRuns GOLDEN =
      new GoldenRuns("infiniteyou/reference.safetensors", 1e-4);

  @TempDir
  private static Path scratch;

  private static Map<?, ?> record;
  private static Path file;
  private static BaseModel base;
  private static ControlNet net;

  @BeforeAll
  static void opens() throws IOException {
    record = GoldenNetwork.json("infiniteyou/reference.json");
    file = scratch.resolve("image_proj_model.safetensors");
    Path folder = Files.createDirectory(scratch.resolve("InfuseNetModel"));
    Map<?, ?> infuse = (Map<?, ?>) record.get("net");
    Files.write(folder.resolve("config.json"), JSON.std.asBytes(infuse.get("config")));
    try (TensorScope scope = TensorScope.open()) {
      GoldenNetwork.write((Map<?, ?>) record.get("adapter"), file, tensors -> {});
      GoldenNetwork.write(
          infuse, folder.resolve("diffusion_pytorch_model.safetensors"), tensors -> {});
    }
    base = BaseModel.open(PipelineFolder.any("flux/dev", scratch), Compute.EXACT);
    net = BaseModel.openControlNet(folder, Compute.EXACT);
    // All components have been in use then, also the encoder of control images.
    try (IpAdapter adapter = IpAdapter.open(file, base)) {
      base.generate(request(run(record, 0))
          .adapter(prompt(adapter, run(record, 0))
              .withControl(control(run(record, 0)))
              .at(1)));
    }
  }

  @AfterAll
  static void closes() {
    net.close();
    base.close();
  }

  static IntStream runs() {
    return IntStream.range(0, 7);
  }

  private static ImagePrompt prompt(IpAdapter adapter, Map<?, ?> run) {
    return adapter.prompt(GOLDEN.faces(run.get("photos")));
  }

  private static ControlImage control(Map<?, ?> run) {
    int width = integer(run, "width");
    int height = integer(run, "height");
    return ControlImage.of(
        net,
        Boolean.TRUE.equals(run.get("black"))
            ? RgbImage.of(width, height, new byte[3 * width * height])
            : TinyControlNets.slope(width, height, false));
  }

  private static ImageRequest request(Map<?, ?> run) {
    ImageRequest plain = ImageRequest.of((String) run.get("prompt"))
        .steps(integer(run, "steps"))
        .size(integer(run, "width"), integer(run, "height"))
        .seed(((Number) ((List<?>) run.get("seeds")).get(0)).longValue())
        .guidance(GuidanceOptions.DEFAULT
            .scale(number(run, "guidance"))
            .trueCfgScale(number(run, "true_cfg")));
    return number(run, "true_cfg") == 1 ? plain : plain.negative((String) run.get("negative"));
  }

  @ParameterizedTest
  @MethodSource("runs")
  void generatesAsThePublishedPipeline(int i) {
    Map<?, ?> run = run(record, i);
    try (IpAdapter adapter = IpAdapter.open(file, base)) {
      ImagePrompt person = prompt(adapter, run)
          .withControl(control(run).between(number(run, "start"), number(run, "end")));
      ImageRequest request = request(run).adapter(person.at(number(run, "scale")));
      if (number(run, "lora") == 0) {
        GOLDEN.assertLatents("run" + i, base, request);
        return;
      }
      try (Lora lora = Lora.open(GOLDEN.lora(scratch), base)) {
        GOLDEN.assertLatents("run" + i, base, request.adapter(lora.at(number(run, "lora"))));
      }
    }
  }

  /** Scales multiply, and both shares of the steps hold: the goldens 3 and 4 in other words. */
  @Test
  void weightAndShareOfThePromptApplyToItsControlNet() {
    try (IpAdapter adapter = IpAdapter.open(file, base)) {
      ImagePrompt late =
          prompt(adapter, run(record, 3)).between(number(run(record, 3), "start"), 1);
      GOLDEN.assertLatents(
          "run3",
          base,
          request(run(record, 3))
              .adapter(late.withControl(control(run(record, 3)).scale(1.8)).at(0.5)));
      ImagePrompt early = prompt(adapter, run(record, 4)).between(0, number(run(record, 4), "end"));
      GOLDEN.assertLatents(
          "run4",
          base,
          request(run(record, 4))
              .adapter(early.withControl(control(run(record, 4)).scale(0.5)).at(2)));
      ImagePrompt never = prompt(adapter, run(record, 3))
          .between(0.5, 1)
          .withControl(control(run(record, 3)).between(0, 0.5));
      assertArrayEquals(
          base.generate(request(run(record, 3))).pixels(),
          base.generate(request(run(record, 3)).adapter(never.at(1))).pixels());
    }
  }

  /** The golden 1 has a black control image. */
  @Test
  void keepsThePersonButNoPlaceWhereAPartOfAnImageIsGenerated() {
    Map<?, ?> run = run(record, 1);
    ControlImage placed = ControlImage.of(
        net, TinyControlNets.slope(integer(run, "width"), integer(run, "height"), false));
    try (IpAdapter adapter = IpAdapter.open(file, base)) {
      Adapter person = prompt(adapter, run).withControl(placed).at(number(run, "scale"));
      GOLDEN.assertLatents(
          "run1", base, request(run).adapter(ModelAdapter.of(person).withoutControls()));
      Adapter joined = person.and(prompt(adapter, run).at(0));
      GOLDEN.assertLatents(
          "run1", base, request(run).adapter(ModelAdapter.of(joined).withoutControls()));
    }
  }

  @Test
  void hasTheGuidanceOfItsBaseUnlessTheRequestHasAControlImageOfItsOwn() {
    Map<?, ?> run = run(record, 0);
    Function<ImageRequest, float[]> generate = request -> base.generate(request).pixels();
    ImageRequest plain = ImageRequest.of("a woman").steps(2).size(40, 24);
    try (IpAdapter adapter = IpAdapter.open(file, base)) {
      Adapter person = prompt(adapter, run).withControl(control(run)).at(1);
      assertArrayEquals(
          generate.apply(plain.guidance(3.5).adapter(person)),
          generate.apply(plain.adapter(person)));
      ControlImage edges = control(run).scale(0.3);
      assertArrayEquals(
          generate.apply(plain.guidance(7).adapter(person).controlImage(edges)),
          generate.apply(plain.adapter(person).controlImage(edges)));
    }
  }

  private static String refusal(Runnable call) {
    return assertThrows(RuntimeException.class, call::run).getMessage();
  }

  @Test
  void refusesWhatDoesNotFit() throws IOException {
    try (IpAdapter adapter = IpAdapter.open(file, base);
        BaseModel schnell =
            BaseModel.open(PipelineFolder.any("flux/schnell", scratch), Compute.EXACT);
        BaseModel xl = BaseModel.open(PipelineFolder.any("sdxl/xl-base", scratch), Compute.EXACT)) {
      ImagePrompt person = prompt(adapter, run(record, 0));
      assertEquals(
          file + " is an InfiniteYou adapter, which acts through its ControlNet alone, but no"
              + " control image was given; give its folder InfuseNetModel with"
              + " --identity-controlnet FOLDER (in Java, call ImagePrompt.withControl)",
          refusal(() -> person.at(1)));
      assertArrayEquals(
          base.generate(request(run(record, 0))).pixels(),
          base.generate(request(run(record, 0)).adapter(person.at(0))).pixels(),
          "weight 0");
      for (BaseModel other : List.of(schnell, xl)) {
        String message = refusal(() -> IpAdapter.open(file, other));
        assertTrue(
            message.startsWith(
                file + " is an InfiniteYou adapter for FLUX.1 (context 24), but the base "),
            message);
      }
      assertEquals(
          file + " is an InfiniteYou adapter, which does not support a mask; leave this setting"
              + " out",
          refusal(() -> person
              .mask(RgbImage.of(1, 1, new byte[3]))
              .withControl(control(run(record, 0)))
              .at(1)));
      assertEquals(
          file + " needs face embeddings of length 1, got one of length 2.000; use"
              + " FaceEmbedder.embed",
          refusal(() -> {
            float[] raw = new float[512];
            raw[3] = 2;
            adapter.embed(List.of(Reference.face(raw, RgbImage.of(1, 1, new byte[3]))));
          }));
      try (ControlNet edges =
          BaseModel.openControlNet(TinyControlNets.write("xl", scratch), Compute.EXACT)) {
        Adapter wrong = person
            .withControl(ControlImage.of(edges, TinyControlNets.slope(40, 24, false)))
            .at(1);
        assertEquals(
            "ControlNet controlnet-xl is for a UNet, but the base is FLUX of width 32; use a"
                + " ControlNet for this base",
            refusal(() -> base.generate(request(run(record, 0)).adapter(wrong))));
      }
    }
  }

  @Test
  void isRecognisedByItsKeysAlone() {
    IpAdapterFile.Kind kind = IpAdapterFile.of(file).kind();
    assertEquals("infiniteyou", kind.method());
    assertEquals("an InfiniteYou adapter for FLUX.1 (context 24)", kind.description());
    assertTrue(kind.controlNet().orElseThrow().isRequired());
    assertEquals("InfuseNetModel", kind.controlNet().orElseThrow().folder());
  }
}
