package dev.likeness.portrait.training.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.LearningRateSchedule;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.ImageEncoder;
import dev.likeness.ipadapter.ImagePrompt;
import dev.likeness.ipadapter.IpAdapter;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.projection.ResamplerConfig;
import dev.likeness.ipadapter.internal.registry.AdapterHeader;
import dev.likeness.ipadapter.internal.registry.MethodRegistry;
import dev.likeness.ipadapter.internal.vision.LoadedImageEncoder;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.vision.GoldenImageEncoder;
import dev.likeness.portrait.training.PerceptualLoss;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
public class AdapterTrainingTest {
  public static final AdapterTraining BASE =
      AdapterTraining.base().steps(30).batchSize(4).learningRate(5e-3);
  private static BaseModel base;
  private static LoadedImageEncoder encoder;

  @TempDir
  private Path folder;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path());
    encoder =
        LoadedImageEncoder.open(GoldenImageEncoder.write("clip-quick", parent), Compute.EXACT);
  }

  private static ImageEncoder eye() {
    return ImageEncoder.open(Path.of(encoder.describe()), Compute.EXACT);
  }

  @AfterAll
  static void closesTheBase() {
    encoder.close();
    base.close();
  }

  @Test
  void trainsAndWritesAnAdapterThatOpens() {
    List<Double> losses = new ArrayList<>();
    Path file = folder.resolve("adapter.safetensors");
    BASE.steps(60).train(base, encoder, pairs(), file, null, Run.of(recordLosses(losses)));
    double before = losses.subList(0, 20).stream()
        .mapToDouble(Double::doubleValue)
        .average()
        .orElseThrow();
    double after = losses.subList(40, 60).stream()
        .mapToDouble(Double::doubleValue)
        .average()
        .orElseThrow();
    assertTrue(after < 0.9 * before, "loss " + before + " at first, " + after + " at last");
    try (ImageEncoder eye = eye();
        IpAdapter adapter = IpAdapter.open(file, base, eye)) {
      assertEquals(MethodRegistry.IP_ADAPTER, AdapterHeader.layout(file).method());
      ImageRequest request = ImageRequest.of("a woman").steps(2).guidance(3).size(24, 16);
      assertFalse(Arrays.equals(
          base.generate(request).pixels(),
          base.generate(request.adapter(adapter.prompt(image("37x53.png")).at(1)))
              .pixels()));
    }
  }

  @Test
  void weightsTheLossByTheFocusOfAPair() {
    float[] left = new float[12 * 8];
    float[] right = new float[12 * 8];
    for (int i = 0; i < left.length; i++) {
      left[i] = i % 12 < 6 ? 2 : 0;
      right[i] = 2 - left[i];
    }
    assertEquals(firstLoss(null), (firstLoss(left) + firstLoss(right)) / 2, 1e-6);
    assertNotEquals(firstLoss(left), firstLoss(right), 1e-4);
    assertEquals(
        "a focus of 5 places; latents of a 24x16 image have 8x12",
        assertThrows(IllegalArgumentException.class, () -> firstLoss(new float[5]))
            .getMessage());
  }

  private double firstLoss(float[] focus) {
    List<TrainingPair> pairs = pairs().stream()
        .map(p -> new TrainingPair(p.reference(), p.target(), p.caption(), focus))
        .toList();
    return BASE.steps(1).train(base, encoder, pairs, folder.resolve("x"), null, Run.silent());
  }

  @Test
  void warmsUpAndCoolsDown() {
    LearningRateSchedule rate = new AdapterTraining(
            MethodRegistry.FACE_ID_PORTRAIT,
            8,
            null,
            0,
            null,
            100,
            1,
            2,
            10,
            20,
            0,
            false,
            0,
            1,
            0,
            1,
            0)
        .learningRateSchedule();
    assertArrayEquals(
        new double[] {0.2, 2, 2, 2, 1, 0.1},
        LongStream.of(0, 9, 50, 80, 90, 99).mapToDouble(rate::at).toArray(),
        1e-12);
    assertEquals(1e-2, BASE.learningRate(1e-2).learningRateSchedule().at(29));
  }

  @Test
  void trainsWithAPerceptualLossToo() {
    Path state = folder.resolve("state.safetensors");
    AdapterTraining shortly = BASE.steps(25);
    double seen = shortly.train(
        base, encoder, pairs(), brightness(1), folder.resolve("seen"), state, Run.silent());
    double unseen =
        shortly.train(base, encoder, pairs(), folder.resolve("unseen"), null, Run.silent());
    assertNotEquals(seen, unseen, 1e-4);
    assertThrows(
        InvalidInputException.class,
        () -> shortly.train(
            base, encoder, pairs(), brightness(2), folder.resolve("other"), state, Run.silent()),
        "goes on only by the same loss");
  }

  private static PerceptualLoss brightness(double weight) {
    return new PerceptualLoss(
        "brightness", (latents, images) -> latents.flatten(2, -1).mean(2), weight, 1);
  }

  @Test
  void trainsEveryVariant() {
    AdapterTraining shortly = BASE.steps(2).batchSize(2);
    Path file = folder.resolve("adapter.safetensors");
    for (AdapterTraining each : List.of(
        kind(shortly, MethodRegistry.PLUS, 5, new ResamplerConfig(64, 64, 2)),
        kind(shortly, MethodRegistry.FULL_FACE, 1, null),
        kind(shortly, MethodRegistry.FACE_ID_PORTRAIT, 6, null))) {
      each.train(base, encoder, pairs(), file, null, Run.silent());
      try (ImageEncoder eye = eye();
          IpAdapter adapter = IpAdapter.open(file, base, eye)) {
        assertEquals(each.method(), AdapterHeader.layout(file).method());
      }
    }
  }

  @Test
  void opensTrainedAdaptersWithALora() {
    Path file = folder.resolve("adapter.safetensors");
    AdapterTraining shortly = BASE.steps(2).batchSize(2);
    for (AdapterTraining each : List.of(
        shortly.rank(2), kind(shortly, MethodRegistry.FULL_FACE, 1, null).rank(2))) {
      each.train(base, encoder, pairs(), file, null, Run.silent());
      assertTrue(AdapterHeader.layout(file).hasLora(), each.method().title());
    }
  }

  @Test
  void trainsALoraTooAndContinuesFromAnAdapter() throws IOException {
    Path bare = folder.resolve("bare.safetensors");
    AdapterTraining portrait = kind(
        BASE.steps(2).batchSize(2).learningRate(1e-2), MethodRegistry.FACE_ID_PORTRAIT, 6, null);
    portrait.train(base, null, pairs(), bare, null, Run.silent());
    Path twin = folder.resolve("twin.safetensors");
    portrait
        .rank(3)
        .initialAdapter(bare)
        .steps(20)
        .train(base, null, pairs(), twin, null, Run.silent());
    Reference face = pairs().get(0).reference();
    try (IpAdapter without = IpAdapter.open(bare, base);
        IpAdapter with = IpAdapter.open(twin, base)) {
      assertTrue(
          AdapterHeader.layout(twin).hasLora() && !AdapterHeader.layout(bare).hasLora());
      ImageRequest request = ImageRequest.of("a woman").steps(2).guidance(3).size(24, 16);
      ImagePrompt shown = with.prompt(List.of(face));
      assertFalse(Arrays.equals(
          base.generate(request.adapter(shown.loraScale(0).at(1))).pixels(),
          base.generate(request.adapter(shown.at(1))).pixels()));
    }
    Path again = folder.resolve("again.safetensors");
    portrait
        .rank(3)
        .initialAdapter(twin)
        .steps(1)
        .learningRate(1e-12)
        .train(base, null, pairs(), again, null, Run.silent());
    try (Safetensors one = Safetensors.open(twin);
        Safetensors other = Safetensors.open(again);
        TensorScope scope = TensorScope.open()) {
      assertEquals(one.names(), other.names());
      one.names()
          .forEach(name -> assertTrue(
              torch.allclose(one.read(name), other.read(name), 1e-5, 1e-6, false), name));
    }
    assertTrue(assertThrows(
            InvalidInputException.class,
            () -> portrait
                .rank(4)
                .initialAdapter(twin)
                .train(base, null, pairs(), again, null, Run.silent()))
        .getMessage()
        .endsWith("go on with the kind, tokens and rank that it was trained with"));
  }

  @Test
  void resumesToTheBit() throws IOException {
    Path whole = folder.resolve("whole.safetensors");
    List<Integer> encoded = new ArrayList<>();
    BASE.train(base, encoder, pairs(), whole, null, Run.of(event -> {
      if (event instanceof ProgressEvent.Step step && step.phase().equals("encode")) {
        encoded.add(step.step());
      }
    }));
    assertEquals(List.of(1, 2, 3, 4), encoded);
    Path parts = folder.resolve("parts.safetensors");
    Path state = folder.resolve("state.safetensors");
    Cancellation stop = new Cancellation();
    Progress stopping = event -> {
      if (event instanceof ProgressEvent.Step step && step.step() == 27) {
        stop.cancel();
      }
    };
    assertThrows(
        CancelledException.class,
        () -> BASE.train(base, encoder, pairs(), parts, state, new Run(stopping, stop)));
    assertFalse(Files.exists(parts));
    BASE.train(base, encoder, pairs(), parts, state, Run.silent());
    assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(parts));
    InvalidInputException e = assertThrows(
        InvalidInputException.class,
        () -> BASE.seed(7).train(base, encoder, pairs(), parts, state, Run.silent()));
    assertEquals(
        state
            + " is the state of another training; give the settings, base and pairs that the other"
            + " training began with, or delete the file to start again",
        e.getMessage());
  }

  @Test
  void refusesABaseOfContinuousNoiseLevels(@TempDir Path parent) {
    GoldenFolder playground = GoldenFolder.write("xl-base", GoldenFolder.KeyFormat.CURRENT, parent);
    playground.schedule(Map.of("_class_name", "EDMDPMSolverMultistepScheduler"));
    try (BaseModel continuous = BaseModel.open(playground.path(), Compute.EXACT)) {
      String refusal = assertThrows(
              IllegalArgumentException.class,
              () ->
                  BASE.train(continuous, encoder, pairs(), folder.resolve("x"), null, Run.silent()))
          .getMessage();
      assertTrue(
          refusal.startsWith(
              "this base cannot be trained, because its scheduler EDMDPMSolverMultistepScheduler has"),
          refusal);
    }
  }

  @Test
  void refusesFaceIdAndTargetsOfSeveralSizes() {
    assertEquals(
        "cannot train an IP-Adapter FaceID with 4 tokens and resampler null; known: plain, Full Face, Plus with a"
            + " resampler, Portrait with other than 4 tokens",
        assertThrows(
                IllegalArgumentException.class, () -> kind(BASE, MethodRegistry.FACE_ID, 4, null))
            .getMessage());
    List<TrainingPair> uneven = new ArrayList<>(pairs());
    uneven.add(new TrainingPair(Reference.of(image("37x53.png")), image("64x64.png"), ""));
    assertEquals(
        "a 64x64 image beside one of 24x16: all targets must have one size, with sides that are multiples of 2",
        assertThrows(
                IllegalArgumentException.class,
                () -> BASE.train(base, encoder, uneven, folder.resolve("x"), null, Run.silent()))
            .getMessage());
  }

  public static AdapterTraining kind(
      AdapterTraining like, IdentityMethod kind, int tokens, ResamplerConfig shape) {
    return new AdapterTraining(
        kind,
        tokens,
        shape,
        0,
        null,
        like.steps(),
        like.batchSize(),
        like.learningRate(),
        0,
        0,
        5,
        kind == MethodRegistry.FACE_ID_PORTRAIT,
        0.01,
        1,
        0.05,
        1,
        3);
  }

  private static Progress recordLosses(List<Double> losses) {
    return event -> {
      if (event instanceof ProgressEvent.Step step && step.phase().equals("train")) {
        losses.add(step.loss().getAsDouble());
      }
    };
  }

  public static List<TrainingPair> pairs() {
    List<TrainingPair> pairs = new ArrayList<>();
    for (String name : List.of("37x53.png", "64x64.png", "97x31.png", "301x200.png")) {
      RgbImage image = image(name);
      float[] face = new float[24];
      face[pairs.size()] = 1;
      pairs.add(new TrainingPair(
          Reference.face(face, image), image.crop(3, 5, 24, 16), "photo of person"));
    }
    return pairs;
  }

  private static RgbImage image(String name) {
    return RgbImage.read(GoldenImageEncoder.file(name));
  }
}
