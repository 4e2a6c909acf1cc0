package dev.likeness.photos.internal.embed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.material.HubCacheFolder;
import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.OnnxEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** IResNets that {@code tools/goldens/iresnet.py} wrote, compared with onnxruntime. */
class IResNetEmbedderTest {
  private static final Face FACE = new Face(
      new BoundingBox(20, 20, 80, 80), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());
  private static final String ADVICE =
      "; give an IResNet of ArcFace's form, such as AuraFace's glintr100.onnx";

  @TempDir
  private Path folder;

  private static Path golden(String name) {
    try {
      return Path.of(
          IResNetEmbedderTest.class.getResource("/golden/iresnet/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static IResNetEmbedder open(Path file) {
    return IResNetEmbedder.open(file, EmbedderSpec.AURAFACE, UsePolicy.COMMERCIAL);
  }

  private static Tensor images() {
    TensorVector images = new TensorVector();
    for (int seed = 1; seed <= 2; seed++) {
      try (NoiseSource noise = NoiseSource.seeded(seed)) {
        images.push_back(noise.next(3, 112, 112));
      }
    }
    return torch
        .cat(images, 0)
        .clamp(new ScalarOptional(new Scalar(-1.0)), new ScalarOptional(new Scalar(1.0)));
  }

  private static float[] expected() throws IOException {
    Map<String, Object> golden = JSON.std.mapFrom(Files.readString(golden("iresnet.json")));
    List<?> rows = (List<?>) golden.get("embeddings");
    List<Double> flat = rows.stream()
        .flatMap(row -> ((List<?>) row).stream())
        .map(number -> ((Number) number).doubleValue())
        .toList();
    float[] values = new float[flat.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = flat.get(i).floatValue();
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(strings = {"separate.onnx", "folded.onnx", "backbone.safetensors"})
  void embedsAsOnnxruntimeDoes(String name) throws IOException {
    long objects = Pointer.totalCount();
    try (IResNetEmbedder embedder = open(golden(name));
        TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      assertEquals(24, embedder.embeddingSize());
      assertArrayEquals(
          expected(), ImageTensors.floats(embedder.features(images()).flatten()), 1e-4f);
      float[] unit = ImageTensors.floats(embedder.forward(images().narrow(0, 0, 1)));
      assertEquals(1, FaceEmbedder.cosine(unit, unit), 1e-5);
    }
    assertEquals(objects, Pointer.totalCount(), "native objects after closing");
  }

  /** A file that the user names may be any link, such as one into a Hugging Face cache. */
  @ParameterizedTest
  @ValueSource(strings = {"separate.onnx", "folded.onnx", "backbone.safetensors"})
  void followsALinkThatTheUserNames(String name, @TempDir Path links) throws IOException {
    Path copy = Files.copy(golden(name), links.resolve("copy"));
    Path link = Files.createSymbolicLink(links.resolve(name), copy);
    HubCacheFolder hub = HubCacheFolder.create(links.toRealPath(), "acme/faces");
    Path cached = hub.add(name, Files.readAllBytes(golden(name)));
    try (IResNetEmbedder own = open(golden(name));
        IResNetEmbedder linked = open(link);
        IResNetEmbedder shared = open(cached)) {
      assertEquals(own.name(), linked.name());
      assertEquals(own.name(), shared.name());
    }
  }

  @Test
  void embedsPhotosAsOpenCvDoesUnderTheSameName() {
    RgbImage image = noise(5);
    for (EmbedderSpec spec : List.of(EmbedderSpec.AURAFACE, EmbedderSpec.SFACE)) {
      try (IResNetEmbedder embedder =
              IResNetEmbedder.open(golden("folded.onnx"), spec, UsePolicy.COMMERCIAL);
          OnnxEmbedder other =
              OnnxEmbedder.open(golden("folded.onnx"), spec, UsePolicy.COMMERCIAL)) {
        assertEquals(other.name(), embedder.name());
        assertEquals(
            1, FaceEmbedder.cosine(other.embed(image, FACE), embedder.embed(image, FACE)), 1e-5);
        assertArrayEquals(other.embedRaw(image, FACE), embedder.embedRaw(image, FACE), 2e-3f);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"separate.onnx", "folded.onnx", "backbone.safetensors"})
  void gradientsEqualFiniteDifferences(String name) {
    try (IResNetEmbedder embedder = open(golden(name));
        TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(7)) {
      Tensor image = images().narrow(0, 0, 1).mul(new Scalar(0.5)).clone();
      Tensor person = noise.next(24, 1, 1).flatten();
      Tensor leaf = image.clone().set_requires_grad(true);
      embedder.forward(leaf).matmul(person).sum().backward();
      Tensor gradient = leaf.grad();
      for (int i = 0; i < 4; i++) {
        // Along the gradient, and along mixtures of it with noise.
        Tensor direction = gradient
            .div(gradient.norm())
            .add(noise.next(3, 112, 112).div(new Scalar(194.0)), new Scalar(i / 3.0));
        double step = 0.02;
        double ahead = similarity(embedder, image.add(direction, new Scalar(step)), person);
        double behind = similarity(embedder, image.sub(direction, new Scalar(step)), person);
        double analytic = gradient.mul(direction).sum().item_double();
        assertEquals(analytic, (ahead - behind) / (2 * step), 0.01 * Math.abs(analytic));
      }
    }
  }

  private static double similarity(IResNetEmbedder embedder, Tensor image, Tensor person) {
    try (NoGradGuard guard = new NoGradGuard()) {
      return embedder.forward(image).matmul(person).sum().item_double();
    }
  }

  @Test
  void refusesLicencesThatForbidTheUse() {
    assertEquals(
        "the embedder ArcFace has a licence that forbids commercial use (non-commercial research only)"
            + "; use an embedder whose licence allows commercial use, such as SFace or AuraFace",
        refusal(() -> IResNetEmbedder.open(
            golden("folded.onnx"), EmbedderSpec.ARCFACE, UsePolicy.COMMERCIAL)));
    try (IResNetEmbedder research = IResNetEmbedder.open(
        golden("folded.onnx"), EmbedderSpec.ARCFACE, UsePolicy.NON_COMMERCIAL)) {
      assertTrue(research.name().startsWith("ArcFace "));
    }
  }

  @Test
  void refusesGraphsThatDifferByName() throws IOException {
    // Operations of the same length keep the file valid; weights stay the same.
    assertRefusal(
        "folded.onnx", "PRelu", "Relu6", "expected PRelu after ", "is not a supported operation");
    assertRefusal("folded.onnx", "Add", "Sub", "expected Add after ");
    assertRefusal("separate.onnx", "BatchNormalization", "BatchNormalisation", "supported");
  }

  private void assertRefusal(String file, String from, String to, String... faults)
      throws IOException {
    String bytes = Files.readString(golden(file), StandardCharsets.ISO_8859_1);
    Path changed = folder.resolve("auraface.onnx");
    // The name of an operation is its own field: its length comes before it.
    Files.writeString(
        changed,
        bytes.replace((char) from.length() + from, (char) to.length() + to),
        StandardCharsets.ISO_8859_1);
    String message = refusal(() -> open(changed));
    boolean named = false;
    for (String fault : faults) {
      named |= message.contains(fault);
    }
    assertTrue(named, message);
    assertTrue(message.startsWith("the face embedder " + changed), message);
  }

  @Test
  void refusesTensorsThatDifferByName() throws IOException {
    Path changed = folder.resolve("auraface.safetensors");
    assertRefusal(changed, tensors -> tensors.remove("fc.bias"), "has no tensor fc.bias");
    assertRefusal(
        changed,
        tensors -> tensors.put("layer2.1.se.fc1.weight", torch.zeros(4, 8)),
        "has tensors that an IResNet does not have, such as \"layer2.1.se.fc1.weight\"");
    assertRefusal(
        changed,
        tensors -> tensors.put("layer2.1.conv2.weight", torch.zeros(8, 6, 3, 3)),
        "block 3: conv2 has the shape [8, 6, 3, 3], expected [any, 8, 3, 3]");
    assertRefusal(
        changed,
        tensors -> tensors.put("fc.weight", torch.zeros(24, 100)),
        "fc has the shape [24, 100], expected [any, 196]");
    assertRefusal(
        changed,
        tensors -> tensors.put("features.running_var", torch.zeros(3)),
        "features.running_var has the shape [3], expected [24]");
    assertRefusal(
        changed,
        tensors -> tensors.keySet().removeIf(name -> name.startsWith("layer")),
        "fc has the shape [24, 196], expected [any, ");
    assertRefusal(
        changed,
        tensors -> {
          tensors.clear();
          tensors.put("encoder.conv_in.weight", torch.zeros(8, 3, 3, 3));
        },
        "has no tensor conv1.weight");
  }

  private void assertRefusal(Path file, Consumer<Map<String, Tensor>> change, String fault) {
    try (TensorScope scope = TensorScope.open();
        Safetensors source = Safetensors.open(golden("backbone.safetensors"))) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      source.names().forEach(name -> tensors.put(name, source.read(name)));
      change.accept(tensors);
      SafetensorsWriter.write(file, tensors, Map.of());
    }
    String message = refusal(() -> open(file));
    assertTrue(message.contains(fault) && message.endsWith(ADVICE), message);
  }

  @Test
  void opensFoldersOfTheOtherKindToo() {
    assertTrue(refusal(() -> DifferentiableEmbedder.open(folder, UsePolicy.COMMERCIAL))
        .contains("config.json"));
    assertTrue(
        refusal(() -> DifferentiableEmbedder.open(golden("folded.onnx"), UsePolicy.COMMERCIAL))
            .contains("does not tell its kind"));
  }

  private static String refusal(Runnable action) {
    return assertThrows(InvalidInputException.class, action::run).getMessage();
  }

  private static RgbImage noise(long seed) {
    byte[] bytes = new byte[120 * 120 * 3];
    new Random(seed).nextBytes(bytes);
    return RgbImage.of(120, 120, bytes);
  }
}
