package dev.likeness.ipadapter;

import static dev.likeness.ipadapter.internal.GoldenRuns.integer;
import static dev.likeness.ipadapter.internal.GoldenRuns.number;
import static dev.likeness.ipadapter.internal.GoldenRuns.run;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.GoldenNetwork;
import dev.likeness.ipadapter.internal.GoldenRuns;
import dev.likeness.lora.Lora;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** PuLID for FLUX.1 on Chroma: {@code tools/goldens/pulid_chroma.py}. */
@ExtendWith(NoTensorLeaks.class)
class PulidChromaTest {
  private static final GoldenRuns GOLDEN =
      new GoldenRuns("pulid-chroma/reference.safetensors", 1e-3);
  private static final GoldenRuns FACES = new GoldenRuns("pulid/reference.safetensors", 1e-3);

  @TempDir
  private static Path scratch;

  private static Map<?, ?> record;
  private static BaseModel base;
  private static Path file;
  private static ImageEncoder encoder;

  @BeforeAll
  static void opens() throws IOException {
    record = GoldenNetwork.json("pulid-chroma/reference.json");
    file = scratch.resolve("pulid_flux_v0.9.1.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> all = GoldenNetwork.weights((Map<?, ?>) record.get("encoder"));
      all.putAll(GoldenNetwork.weights((Map<?, ?>) record.get("attentions")));
      SafetensorsWriter.write(file, all, Map.of());
    }
    base = BaseModel.open(folder(), Compute.EXACT);
    Map<?, ?> published = GoldenNetwork.json("pulid/reference.json");
    encoder = ImageEncoder.ofFaces(
        write((Map<?, ?>) published.get("tower"), "tower.safetensors"),
        write(GoldenNetwork.json("parsing/reference.json"), "parser.safetensors"),
        Compute.EXACT);
    // All components have been in use then.
    try (IpAdapter adapter = IpAdapter.open(file, base, encoder)) {
      adapter.embed(FACES.faceCrops(run(record, 0).get("photos")));
    }
    base.generate(request(run(record, 0)).steps(1));
  }

  @AfterAll
  static void closes() {
    encoder.close();
    base.close();
  }

  private static Path write(Map<?, ?> network, String name) {
    try (TensorScope scope = TensorScope.open()) {
      return GoldenNetwork.write(network, scratch.resolve(name), tensors -> {});
    }
  }

  /** A Chroma with more blocks than the tiny folder. */
  private static Path folder() throws IOException {
    return GoldenRuns.withBlocks(
        PipelineFolder.write("chroma/base", scratch).path(),
        (List<?>) record.get("blocks"),
        (Map<?, ?>) record.get("base"));
  }

  static IntStream runs() {
    return IntStream.range(0, 5);
  }

  private static ImageRequest request(Map<?, ?> run) {
    return ImageRequest.of((String) run.get("prompt"))
        .negative((String) run.get("negative"))
        .guidance(number(run, "guidance"))
        .steps(integer(run, "steps"))
        .size(integer(run, "width"), integer(run, "height"))
        .seed((long) number(run, "seed"));
  }

  @ParameterizedTest
  @MethodSource("runs")
  void generatesAsTheNode(int i) {
    Map<?, ?> run = run(record, i);
    try (IpAdapter adapter = IpAdapter.open(file, base, encoder)) {
      ImageRequest request = request(run)
          .adapter(adapter
              .prompt(FACES.faceCrops(run.get("photos")))
              .between(number(run, "start"), number(run, "end"))
              .at(number(run, "weight")));
      if (!Boolean.TRUE.equals(run.get("lora"))) {
        GOLDEN.assertLatents("run" + i, base, request);
        return;
      }
      try (Lora lora = Lora.open(GOLDEN.lora(scratch), base)) {
        GOLDEN.assertLatents("run" + i, base, request.adapter(lora.at(0.7)));
      }
    }
  }

  @Test
  void hasNoEffectAtWeightZeroAndRefusesOtherAdapters() throws IOException {
    Map<?, ?> run = run(record, 0);
    try (IpAdapter adapter = IpAdapter.open(file, base, encoder)) {
      assertArrayEquals(
          base.generate(request(run)).pixels(),
          base.generate(request(run)
                  .adapter(adapter.prompt(FACES.faceCrops(run.get("photos"))).at(0)))
              .pixels());
    }
    Path xlabs = GoldenAdapters.of("flux/dev").write("xlabs", scratch);
    String message = assertThrows(
            RuntimeException.class, () -> IpAdapterFile.of(xlabs).requireFor(base))
        .getMessage();
    assertTrue(message.contains("but the base "), message);
    assertTrue(message.endsWith(" is Chroma (context 24); give an adapter for this base"), message);
    assertEquals("pulid", IpAdapterFile.of(file).kind().method());
  }
}
