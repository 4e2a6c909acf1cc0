package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Trains the embedder of rendered faces, apart from everything that draws: from a face it must
 * foretell the numbers that made it. A render has them all, so that each face teaches more than
 * whose it is: a hundred steps tell people apart as well as two thousand of learning to name them
 * (CosFace: Wang et al. 2018, arXiv:1801.09414). Faces are cut, softened, and changed in lightness
 * at random, since drawn faces are softer than rendered ones, and some lose their colours.
 */
final class EmbedderTraining {
  private static final int BATCH = 64;
  private static final Hyperparameters NUMBERS =
      new Hyperparameters(2e-3, 50, () -> TrainingDevice.muon(0.02), 0, 0.995);
  private static final double SOFTEST = 0.36;
  private static final String HEAD = "told";
  private static final String AVERAGE = "ema";
  private static final int TURNED_BY = 2000;

  private final FaceStore store;
  private final byte[] faces;
  private final PersonTraits traits;
  private final EmbedderPlan plan;

  /** Of the people of {@code plan}, who are in {@code store}. */
  EmbedderTraining(FaceStore store, EmbedderPlan plan) {
    this.store = store;
    this.faces = store.faces();
    this.traits = PersonTraits.of(IntStream.range(0, plan.people())
        .mapToObj(i -> store.person((long) i * FaceStore.SHOTS))
        .toList());
    this.plan = plan;
  }

  /**
   * Trains to {@code steps}, going on from {@code file} where it is there; the state is saved as it
   * goes.
   */
  void run(Path file, int steps) {
    new TrainingLoop(
            "embedder",
            steps,
            NUMBERS,
            plan.seed(),
            noise -> WeightInitializer.seeded(noise, name -> name.endsWith("conv2.weight")),
            this::begin)
        .run(file, this::step, (weights, step) -> {});
  }

  private void begin(TrainableWeights weights) {
    if (plan.start() != null) {
      try (Safetensors file = Safetensors.open(plan.first())) {
        weights.load(file);
      }
    }
  }

  private TorchEmbedder.FaceNetwork network(Weights weights) {
    return new TorchEmbedder.FaceNetwork(plan.channels(), Architecture.FACE_SIZE, weights);
  }

  private double step(TrainableWeights weights, long step) {
    Random random = StepRandom.choices(plan.seed(), step);
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = StepRandom.noise(plan.seed(), step)) {
      int[] chosen = random.ints(BATCH, 0, traits.people() * FaceStore.SHOTS).toArray();
      Tensor shown = altered(chosen, noise, random).to(TrainingDevice.TYPE);
      Tensor features = network(
              Weights.of(new Parameters.CastParameters(weights, TrainingDevice.TYPE)))
          .features(shown);
      Tensor told = new Linear(Weights.of(weights).at(HEAD), Architecture.FACE_SIZE, traits.count())
          .forward(features);
      Tensor loss = torch.mse_loss(told, traits.of(chosen, FaceStore.SHOTS));
      loss.backward();
      return loss.item_float();
    }
  }

  private Tensor altered(int[] chosen, NoiseSource noise, Random random) {
    return Alteration.of(
        Alteration.gray(
            TrainingDevice.placed(FaceStore.cut(faces, chosen, random)), plan.gray(), random),
        SOFTEST,
        noise,
        random);
  }

  /** A state's slow average, turned. */
  Map<String, Tensor> result(Path state) {
    return turned(Safetensors.open(state), AVERAGE + ".");
  }

  /** An embedder of people of this store, or of others, turned anew. */
  Map<String, Tensor> turned(Path embedder) {
    return turned(Safetensors.open(embedder), "");
  }

  /**
   * The network that a file has at {@code prefix} in bf16, its vectors turned by a
   * {@link Discriminant} of the store's people.
   */
  private Map<String, Tensor> turned(Safetensors file, String prefix) {
    try (LoadedWeights saved =
        new LoadedWeights(file, TrainingDevice.COMPUTE.withDtype(DType.F32))) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      file.names().stream()
          .filter(name -> name.startsWith(prefix) && !name.startsWith(prefix + HEAD))
          .forEach(name ->
              tensors.put(name.substring(prefix.length()), file.read(name).to(ScalarType.Float)));
      Weights all = Weights.of(saved);
      Discriminant turn = turn(features(prefix.isEmpty() ? all : all.at(AVERAGE)));
      tensors.computeIfPresent("proj.weight", (name, weight) -> turn.matrix().matmul(weight));
      tensors.computeIfPresent(
          "proj.bias", (name, bias) -> turn.matrix().mv(bias.sub(turn.mean())));
      // Copies: those of the file end with it.
      tensors.replaceAll((name, tensor) -> tensor.to(ScalarType.BFloat16));
      return tensors;
    }
  }

  private Discriminant turn(Tensor features) {
    Discriminant turn = Discriminant.of(features);
    if (plan.start() == null) {
      return turn;
    }
    try (LoadedWeights first = new LoadedWeights(
        Safetensors.open(plan.first()), TrainingDevice.COMPUTE.withDtype(DType.F32))) {
      return turn.along(features, features(Weights.of(first)));
    }
  }

  /** Of every photo of the first people, altered as in training, [people, photos of each, size]. */
  private Tensor features(Weights weights) {
    int people = Math.min(TURNED_BY, traits.people());
    List<Integer> order =
        new ArrayList<>(IntStream.range(0, people * FaceStore.SHOTS).boxed().toList());
    Random random = new Random(plan.seed());
    Collections.shuffle(order, random);
    Tensor features = torch.zeros(order.size(), Architecture.FACE_SIZE);
    TorchEmbedder.FaceNetwork network = network(weights);
    for (int first = 0; first < order.size(); first += BATCH) {
      int[] chosen = order.subList(first, Math.min(first + BATCH, order.size())).stream()
          .mapToInt(i -> i)
          .toArray();
      try (TensorScope scope = TensorScope.open();
          NoGradGuard guard = new NoGradGuard();
          NoiseSource noise = NoiseSource.seeded(plan.seed() + first)) {
        Tensor shown = altered(chosen, noise, random);
        features.index_copy_(
            0,
            torch.tensor(Arrays.stream(chosen).asLongStream().toArray()),
            network.features(shown).cpu());
      }
    }
    return features.view(people, FaceStore.SHOTS, Architecture.FACE_SIZE);
  }
}
