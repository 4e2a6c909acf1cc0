package dev.likeness.ipadapter.internal.projection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.file.KeyList;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.GoldenNetwork;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks that {@code tools/goldens/identity_networks.py} ran by their published classes. */
@ExtendWith(NoTensorLeaks.class)
class IdentityNetworksTest {
  private static final String GOLDEN = "identity-networks/reference.";

  @TempDir
  private Path folder;

  /** Opens a golden network, and compares what it computes of the golden inputs. */
  private <T> void assertComputes(
      String name,
      BiFunction<LoadedWeights, Weights, T> network,
      BiFunction<T, Map<String, Tensor>, Map<String, Tensor>> run) {
    Map<?, ?> golden =
        (Map<?, ?>) ((Map<?, ?>) GoldenNetwork.json(GOLDEN + "json").get("networks")).get(name);
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        Safetensors expected = GoldenNetwork.tensors(GOLDEN + "safetensors")) {
      Path file = GoldenNetwork.write(golden, folder.resolve(name + ".safetensors"), tensors -> {});
      try (LoadedWeights weights = new LoadedWeights(Safetensors.open(file), Compute.EXACT)) {
        T opened = network.apply(weights, Weights.of(weights));
        weights.requireAllRead(Set.of());
        Map<String, Tensor> found = run.apply(opened, inputs(golden));
        assertEquals(
            expected.names().stream().filter(key -> key.startsWith(name + ".")).count(),
            found.size());
        found.forEach((key, value) -> Closeness.assertWithinSpread(
            1e-5, expected.read(name + "." + key), value, name + " " + key));
      }
    }
  }

  private static Map<String, Tensor> inputs(Map<?, ?> golden) {
    Map<String, Tensor> inputs = new TreeMap<>();
    try (NoiseSource noise = NoiseSource.seeded(((Number) golden.get("seed")).longValue() + 1)) {
      new TreeMap<>(GoldenFolder.shapes((Map<?, ?>) golden.get("inputs")))
          .forEach(
              (name, shape) -> inputs.put(name, torch.empty(shape).copy_(drawn(noise, shape))));
    }
    return inputs;
  }

  private static Tensor drawn(NoiseSource noise, long[] shape) {
    return noise.next(shape).view(shape);
  }

  private static List<Tensor> hidden(Map<String, Tensor> inputs) {
    return IntStream.range(0, 5).mapToObj(i -> inputs.get("hidden." + i)).toList();
  }

  @Test
  void computesPulidsTokensAsItsPublishedEncoder() {
    assertComputes(
        "id-former",
        (file, w) -> new IdFormer(IdFormer.Shape.of(shapes(file), ""), w),
        (network, in) -> Map.of(
            "tokens",
            network.forward(in.get("face"), hidden(in)),
            "zeros",
            network.forward(
                torch.zeros(1, 1280),
                Stream.generate(() -> torch.zeros(1, 7, 1024)).limit(5).toList())));
  }

  @Test
  void computesPulidsTokensOfSeveralPhotos() {
    assertComputes(
        "id-former-of-two",
        (file, w) -> new IdFormer(IdFormer.Shape.of(shapes(file), ""), w),
        (network, in) -> Map.of("tokens", network.forward(in.get("face"), hidden(in))));
  }

  @Test
  void addsToImageTokensAsPulidsCrossAttention() {
    assertComputes(
        "id-attention",
        (file, w) -> new IdAttention(w, 48, 40, 64, 4),
        (network, in) -> Map.of("added", network.forward(in.get("id"), in.get("image"))));
  }

  private static Tensor tokens(ImageProjection resampler, Tensor faces) {
    return resampler.forward(new ImageProjection.ProjectionInputs(null, faces));
  }

  @Test
  void computesTokensAsInstantId() {
    assertComputes(
        "instantid",
        (file, w) -> ResamplerProjection.ofFace(w, new ResamplerConfig(64, 128, 4), 16, 512, 48),
        (network, in) -> Map.of(
            "tokens",
            tokens(network, in.get("face").select(1, 0)),
            "zeros",
            tokens(network, torch.zeros(1, 512))));
  }

  @Test
  void computesTokensAsInfiniteYou() {
    assertComputes(
        "infiniteyou",
        (file, w) -> ResamplerProjection.ofFace(w, new ResamplerConfig(128, 192, 4), 8, 512, 80),
        (network, in) -> Map.of("tokens", tokens(network, in.get("face").select(1, 0))));
  }

  @Test
  void mergesClassTokensAsPhotoMaker() {
    assertComputes("fuse", (file, w) -> new FaceFusion(w, 24), (network, in) -> {
      Tensor photos = in.get("ids").view(3, 24);
      return Map.of("fused", network.fuseInto(in.get("prompt"), photos, 2));
    });
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 5, 6, 100})
  void refusesClassTokensOutsideOfThePrompt(long position) {
    assertComputes("fuse", (file, w) -> new FaceFusion(w, 24), (network, in) -> {
      Tensor photos = in.get("ids").view(3, 24);
      assertEquals(
          "class tokens " + position + " to " + (position + 3)
              + " are outside of a prompt of 7 tokens",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> network.fuseInto(in.get("prompt"), photos, position))
              .getMessage());
      return Map.of("fused", network.fuseInto(in.get("prompt"), photos, 2));
    });
  }

  @Test
  void computesTokensOfPhotosAsPhotoMakerV2() {
    assertComputes(
        "face-perceiver",
        (file, w) -> new FacePerceiver(FacePerceiver.Shape.of(shapes(file), ""), w),
        (network, in) -> Map.of("tokens", network.forward(in.get("face"), in.get("image"))));
  }

  private static KeyList shapes(LoadedWeights file) {
    Map<String, long[]> shapes = new TreeMap<>();
    file.names().forEach(name -> shapes.put(name, file.shape(name)));
    return new KeyList("golden", shapes);
  }

  private static void assertMapsEveryKey(String name, Function<Weights, ?> network) {
    try (LoadedWeights weights = new LoadedWeights(GoldenNetwork.published(name), Compute.EXACT)) {
      weights.check(network::apply, Set.of());
    }
  }

  @Test
  void mapsEveryKeyOfThePublishedNetworks() {
    IdFormer.Shape former = IdFormer.Shape.of(GoldenNetwork.published("pulid-encoder"), "");
    assertEquals(
        new IdFormer.Shape(new ResamplerConfig(1024, 1024, 10), 32, 5, 1280, 1024, 2048), former);
    assertMapsEveryKey("pulid-encoder", w -> new IdFormer(former, w));
    assertMapsEveryKey("pulid-ca", w -> new IdAttention(w, 3072, 2048, 2048, IdAttention.HEADS));
    ResamplerConfig resampler = new ResamplerConfig(1280, 1280, 4);
    assertMapsEveryKey(
        "instantid-image-proj", w -> ResamplerProjection.ofFace(w, resampler, 16, 512, 2048));
    assertMapsEveryKey(
        "infiniteyou-image-proj", w -> ResamplerProjection.ofFace(w, resampler, 8, 512, 4096));
  }

  @Test
  void mapsEveryKeyThatPhotoMakerAddsToItsVisionTower() {
    KeyList v2 = GoldenNetwork.published("photomaker-v2");
    FacePerceiver.Shape shape = FacePerceiver.Shape.of(v2, "qformer_perceiver.");
    assertEquals(
        new FacePerceiver.Shape(new ResamplerConfig(2048, 2048, 4, 128), 2, 512, 2048, 1024),
        shape);
    Map<String, long[]> added = new TreeMap<>(v2.shapes());
    added
        .keySet()
        .removeIf(
            name -> !name.startsWith("qformer_perceiver.") && !name.startsWith("fuse_module."));
    try (LoadedWeights weights =
        new LoadedWeights(new KeyList("photomaker-v2", added), Compute.EXACT)) {
      weights.check(
          w -> {
            new FacePerceiver(shape, w.at("qformer_perceiver"));
            new FaceFusion(w.at("fuse_module"), 2048);
          },
          Set.of());
    }
  }

  @Test
  void refusesSizesThatAreNoEncoderOfPulid() {
    assertEquals(
        "PuLID's encoder needs a number of layers that is a multiple of 5, and at least 1 token of"
            + " the face, got 9 layers and 5 tokens",
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    new IdFormer.Shape(new ResamplerConfig(1024, 1024, 9), 32, 5, 1280, 1024, 2048))
            .getMessage());
    assertComputes(
        "id-former-of-two",
        (file, w) -> new IdFormer(IdFormer.Shape.of(shapes(file), ""), w),
        (network, in) -> {
          assertEquals(
              "PuLID's encoder needs 5 hidden states, got 4",
              assertThrows(
                      IllegalArgumentException.class,
                      () -> network.forward(in.get("face"), hidden(in).subList(0, 4)))
                  .getMessage());
          return Map.of("tokens", network.forward(in.get("face"), hidden(in)));
        });
  }
}
