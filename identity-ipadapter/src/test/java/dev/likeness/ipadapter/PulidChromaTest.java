package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.GoldenNetwork;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.lora.Lora;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
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
  private static final String GOLDEN = "pulid-chroma/reference.safetensors";
  private static final String FACES = "pulid/reference.safetensors";
  private static final int SIDE = 96;

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
      adapter.embed(faces(run(0)));
    }
    base.generate(request(run(0)).steps(1));
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
    Path folder = PipelineFolder.write("chroma/base", scratch).path();
    Path config = folder.resolve("transformer/config.json");
    List<?> blocks = (List<?>) record.get("blocks");
    Files.writeString(
        config,
        Files.readString(config)
            .replace("\"num_layers\": 2", "\"num_layers\": " + blocks.get(0))
            .replace("\"num_single_layers\": 2", "\"num_single_layers\": " + blocks.get(1)));
    try (TensorScope scope = TensorScope.open()) {
      GoldenNetwork.write(
          (Map<?, ?>) record.get("base"),
          folder.resolve("transformer/diffusion_pytorch_model.safetensors"),
          tensors -> {});
    }
    return folder;
  }

  static IntStream runs() {
    return IntStream.range(0, 5);
  }

  private static Map<?, ?> run(int i) {
    return (Map<?, ?>) ((List<?>) record.get("runs")).get(i);
  }

  private static double number(Map<?, ?> run, String name) {
    return ((Number) run.get(name)).doubleValue();
  }

  private static Reference face(Safetensors golden, int seed) {
    byte[] rgb = new byte[3 * SIDE * SIDE];
    float[] rows = ImageTensors.floats(
        golden.read("face" + seed + ".crop").to(ScalarType.Float).permute(1, 2, 0));
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (int) rows[i];
    }
    return Reference.face(
        ImageTensors.floats(golden.read("face" + seed + ".embedding")),
        RgbImage.of(SIDE, SIDE, rgb));
  }

  private static List<Reference> faces(Map<?, ?> run) {
    List<Reference> faces = new ArrayList<>();
    try (TensorScope scope = TensorScope.open();
        Safetensors golden = GoldenNetwork.tensors(FACES)) {
      for (Object seed : (List<?>) run.get("photos")) {
        faces.add(face(golden, ((Number) seed).intValue()));
      }
    }
    return faces;
  }

  private static ImageRequest request(Map<?, ?> run) {
    return ImageRequest.of((String) run.get("prompt"))
        .negative((String) run.get("negative"))
        .guidance(number(run, "guidance"))
        .steps((int) number(run, "steps"))
        .size((int) number(run, "width"), (int) number(run, "height"))
        .seed((long) number(run, "seed"));
  }

  private static void assertLatents(int i, ImageRequest request) {
    try (TensorScope scope = TensorScope.open();
        Safetensors golden = GoldenNetwork.tensors(GOLDEN)) {
      Closeness.assertWithinSpread(
          1e-3,
          golden.read("run" + i + ".latents"),
          base.generate(request).latents().toTensor(),
          "run " + i);
    }
  }

  @ParameterizedTest
  @MethodSource("runs")
  void generatesAsTheNode(int i) {
    Map<?, ?> run = run(i);
    try (IpAdapter adapter = IpAdapter.open(file, base, encoder)) {
      ImageRequest request = request(run)
          .adapter(adapter
              .prompt(faces(run))
              .between(number(run, "start"), number(run, "end"))
              .at(number(run, "weight")));
      if (!Boolean.TRUE.equals(run.get("lora"))) {
        assertLatents(i, request);
        return;
      }
      try (Lora lora = Lora.open(lora(), base)) {
        assertLatents(i, request.adapter(lora.at(0.7)));
      }
    }
  }

  private static Path lora() {
    Path written = scratch.resolve("lora.safetensors");
    try (TensorScope scope = TensorScope.open();
        Safetensors golden = GoldenNetwork.tensors(GOLDEN)) {
      Map<String, Tensor> tensors = new TreeMap<>();
      golden.names().stream()
          .filter(name -> name.startsWith("lora."))
          .forEach(name -> tensors.put(name.substring("lora.".length()), golden.read(name)));
      SafetensorsWriter.write(written, tensors, Map.of());
    }
    return written;
  }

  @Test
  void hasNoEffectAtWeightZeroAndRefusesOtherAdapters() throws IOException {
    Map<?, ?> run = run(0);
    try (IpAdapter adapter = IpAdapter.open(file, base, encoder)) {
      assertArrayEquals(
          base.generate(request(run)).pixels(),
          base.generate(request(run).adapter(adapter.prompt(faces(run)).at(0))).pixels());
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
