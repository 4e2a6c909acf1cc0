package dev.likeness.ipadapter;

import static dev.likeness.ipadapter.internal.GoldenRuns.integer;
import static dev.likeness.ipadapter.internal.GoldenRuns.number;
import static dev.likeness.ipadapter.internal.GoldenRuns.run;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.GoldenNetwork;
import dev.likeness.ipadapter.internal.GoldenRuns;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.lora.Lora;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** InstantID with a LoRA, several faces and two people: {@code tools/goldens/instantid_more.py}. */
@ExtendWith(NoTensorLeaks.class)
class InstantIdMoreTest {
  private static final GoldenRuns GOLDEN =
      new GoldenRuns("instantid-more/reference.safetensors", 1e-4);

  @TempDir
  private static Path scratch;

  private static Map<?, ?> record;
  private static BaseModel base;
  private static Path file;
  private static ControlNet net;

  @BeforeAll
  static void opens() {
    record = GoldenNetwork.json("instantid-more/reference.json");
    file = scratch.resolve("ip-adapter.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      GoldenNetwork.write(
          (Map<?, ?>) GoldenNetwork.json("instantid/reference.json").get("adapter"),
          file,
          tensors -> {});
    }
    Path folder = PipelineFolder.any("sdxl/xl-base", scratch);
    GoldenFolder.schedule(folder, (Map<?, ?>) run(record, 0).get("scheduler"));
    base = BaseModel.open(folder, Compute.EXACT);
    net = BaseModel.openControlNet(TinyControlNets.write("xl", scratch), Compute.EXACT);
    // All components have been in use then, also the ControlNet.
    try (IpAdapter adapter = IpAdapter.open(file, base)) {
      ImagePrompt person =
          adapter.prompt(List.of(GOLDEN.face(1))).withControl(control(run(record, 0)));
      base.generate(request(run(record, 0)).adapter(person.at(1)));
    }
  }

  @AfterAll
  static void closes() {
    net.close();
    base.close();
  }

  static IntStream runs() {
    return IntStream.range(0, 5);
  }

  private static ControlImage control(Map<?, ?> run) {
    return ControlImage.of(net, TinyControlNets.slope(32, 24, false))
        .scale(number(run, "scale"))
        .between(number(run, "start"), number(run, "end"));
  }

  private static ImageRequest request(Map<?, ?> run) {
    return ImageRequest.of((String) run.get("prompt"))
        .negative((String) run.get("negative"))
        .guidance(number(run, "guidance"))
        .steps(integer(run, "steps"))
        .size(32, 24)
        .seed(((Number) ((List<?>) run.get("seeds")).get(0)).longValue());
  }

  @ParameterizedTest
  @MethodSource("runs")
  void generatesAsThePublishedPipeline(int i) {
    Map<?, ?> run = run(record, i);
    try (IpAdapter adapter = IpAdapter.open(file, base)) {
      List<Reference> faces = GOLDEN.faces(run.get("faces"));
      ImageRequest request = request(run)
          .adapter(adapter.prompt(faces).withControl(control(run)).at(number(run, "weight")));
      if (number(run, "lora") == 0) {
        GOLDEN.assertLatents("run" + i, base, request);
        return;
      }
      try (Lora lora = Lora.open(GOLDEN.lora(scratch), base)) {
        GOLDEN.assertLatents("run" + i, base, request.adapter(lora.at(number(run, "lora"))));
      }
    }
  }

  private static RgbImage half(boolean isLeft) {
    byte[] rgb = new byte[3 * 32 * 24];
    for (int y = 0; y < 24; y++) {
      int first = 3 * (32 * y + (isLeft ? 0 : 16));
      Arrays.fill(rgb, first, first + 3 * 16, (byte) 255);
    }
    return RgbImage.of(32, 24, rgb);
  }

  private static float[] generate(ImageRequest request) {
    return base.generate(request).pixels();
  }

  @Test
  void swappedMasksSwapTwoPeople() {
    ImageRequest request = request(run(record, 0));
    try (IpAdapter adapter = IpAdapter.open(file, base)) {
      ImagePrompt ada =
          adapter.prompt(List.of(GOLDEN.face(1))).withControl(control(run(record, 0)));
      ImagePrompt bo = adapter.prompt(List.of(GOLDEN.face(2)));
      float[] one = generate(request
          .adapter(ada.mask(half(true)).at(0.8))
          .adapter(bo.mask(half(false)).at(0.8)));
      float[] swapped = generate(request
          .adapter(ada.mask(half(false)).at(0.8))
          .adapter(bo.mask(half(true)).at(0.8)));
      float[] inOtherOrder = generate(request
          .adapter(bo.mask(half(true)).at(0.8))
          .adapter(ada.mask(half(false)).at(0.8)));
      assertArrayEquals(swapped, inOtherOrder, 1e-5f, "the order of people");
      assertTrue(differ(one, swapped), "swapped masks");
      assertTrue(differ(one, generate(request.adapter(ada.at(0.8)))), "two people");
    }
  }

  private static boolean differ(float[] one, float[] other) {
    return IntStream.range(0, one.length).anyMatch(i -> Math.abs(one[i] - other[i]) > 1e-3);
  }
}
