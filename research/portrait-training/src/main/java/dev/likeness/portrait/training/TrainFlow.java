package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.family.sd3.Sd3Config;
import dev.likeness.diffusion.internal.family.sd3.Sd3Transformer2DModel;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.SinusoidalEmbedding;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.text.ClipTextConfig;
import dev.likeness.diffusion.internal.text.ClipTextEncoder;
import dev.likeness.diffusion.internal.text.ClipTokenizer;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.training.FlowObjective;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Trains a small transformer of Stable Diffusion 3's shape on the latents that
 * {@link TrainPortrait} left, so that what is made for such transformers can be measured on one
 * that draws something. It is not shipped, and learns too little for that.
 *
 * <p>Arguments: {@code WORK-FOLDER OUT-FOLDER STEPS}, where the work folder's model went on from
 * the shipped {@code portrait} ({@code start=}) and so has its autoencoder and tokenizer.
 * {@code OUT-FOLDER/folder} is what can be opened.
 */
public final class TrainFlow {
  private static final int BATCH = 8;
  private static final double UNCONDITIONAL = 0.1;
  /** Rows that Stable Diffusion 3 keeps for T5, zeros where there is none. */
  private static final int OF_T5 = 256;

  private static final Hyperparameters NUMBERS =
      new Hyperparameters(2e-3, 50, () -> Working.muon(0.01), 1, 0.995);
  private static final long SEED = 1;

  private final FlowObjective objective = new FlowObjective(0, 1, 1);
  private final Sd3Config config = FlowFolder.config();
  private final LatentSet data;
  private final ClipTextEncoder text;

  private TrainFlow(LatentSet data, ClipTextEncoder text) {
    this.data = data;
    this.text = text;
  }

  public static void main(String[] args) throws IOException {
    Usage.require(args, 3, 3, "TrainFlow WORK-FOLDER OUT-FOLDER STEPS");
    Path out = Path.of(args[1]);
    int steps = Integer.parseInt(args[2]);
    Path state = out.resolve("state.safetensors");
    Path textEncoder = PortraitModel.files().resolve("text_encoder");
    try (Stream<Path> files = Files.list(Path.of(args[0]));
        ClipTokenizer tokenizer = ClipTokenizer.open(PortraitModel.files().resolve("tokenizer"));
        LatentSet data = new LatentSet(
            latents(files),
            tokenizer.encode(""),
            OptionalDouble.of(FirstWeights.scale(PortraitModel.files())));
        LoadedWeights words = new LoadedWeights(
            Safetensors.open(textEncoder.resolve("model.safetensors")), Working.COMPUTE)) {
      ClipTextConfig shape =
          ClipTextConfig.of(ModelConfig.read(textEncoder.resolve("config.json")));
      TrainFlow training = new TrainFlow(data, new ClipTextEncoder(shape, Weights.of(words)));
      new TrainingLoop("flow", steps, NUMBERS, SEED, training::first, weights -> {})
          .run(
              state,
              (weights, step) ->
                  GradientShares.backward(weights, 1, (own, share) -> training.loss(own, step)),
              (weights, step) -> FlowFolder.write(
                  out.resolve("folder"), state, Map.of("steps", Long.toString(step))));
    }
  }

  private static List<Path> latents(Stream<Path> files) {
    return files
        .filter(file -> file.getFileName().toString().matches("latents-\\d+\\.safetensors"))
        .sorted()
        .toList();
  }

  /**
   * Gates, shifts and the answer begin at zero (adaLN-Zero), positions as sines and cosines of row
   * and column.
   */
  private WeightInitializer first(NoiseSource noise) {
    WeightInitializer plain = WeightInitializer.seeded(
        noise,
        name -> name.matches(".*norm(1|1_context|_out)\\.linear\\.weight|proj_out\\.weight"));
    return (name, shape) ->
        name.equals("pos_embed.pos_embed") ? positions() : plain.initial(name, shape);
  }

  private Tensor positions() {
    long side = config.positions();
    Tensor places = new SinusoidalEmbedding(config.width() / 2, false, 0)
        .embed(torch.tensor(IntStream.range(0, (int) side).toArray()));
    Tensor rows = places.unsqueeze(1).expand(side, side, -1);
    Tensor columns = places.unsqueeze(0).expand(side, side, -1);
    return torch.cat(new TensorVector(rows, columns), 2).reshape(1, side * side, -1);
  }

  private Tensor loss(Parameters weights, long step) {
    Random random = new Random(SEED * 31 + step);
    try (NoiseSource source = NoiseSource.seeded(SEED * 1_000_003 + step)) {
      LatentSet.Batch examples = data.draw(random, BATCH, UNCONDITIONAL);
      Tensor x = examples.latents();
      Tensor noise = Working.noise(source, BATCH, x.size(1), x.size(2), x.size(3));
      double[] sigmas = IntStream.range(0, BATCH)
          .mapToDouble(i -> objective.sigma(random.nextGaussian()))
          .toArray();
      Tensor timesteps = Working.placed(DoubleStream.of(sigmas)
          .mapToInt(sigma -> (int) Math.round(1000 * sigma))
          .toArray());
      TextEncoding said = text.forward(examples.tokens(), 1);
      Tensor tokens = torch.cat(new TensorVector(said.tokens(), said.tokens()), 2);
      Tensor told =
          torch.cat(new TensorVector(tokens, tokens.new_zeros(BATCH, OF_T5, FlowFolder.TEXT)), 1);
      Tensor pooled = torch.cat(new TensorVector(said.pooled(), said.pooled()), 1);
      Tensor answer = new Sd3Transformer2DModel(
              config, Weights.of(new Parameters.CastParameters(weights, Working.TYPE)))
          .forward(
              objective.addNoise(x, noise, sigmas).to(Working.TYPE),
              timesteps,
              told,
              pooled,
              SegmentRunner.PLAIN);
      return objective.loss(answer, objective.target(x, noise), examples.focus());
    }
  }
}
