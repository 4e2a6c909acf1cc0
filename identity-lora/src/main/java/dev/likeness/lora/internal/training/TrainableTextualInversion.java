package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.ClipPromptEncoder;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.OptimizerOptions;
import dev.likeness.lora.training.PersonToken;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A person's token while it is learned: for each text tower a leaf of vectors, in units in which a
 * step of the learning rate is {@link dev.likeness.lora.training.Pivot#rate} spreads of the tower's
 * own.
 */
final class TrainableTextualInversion {
  private static final String LEAF = ".word";
  private static final String TABLE = "text_model.embeddings.token_embedding.weight";
  /** How far the vectors are apart at first, in spreads, so that they do not stay one. */
  private static final double APART = 0.1;

  private final LoraTraining settings;
  private final PersonToken subject;
  private final OpenModel model;
  private final List<LoadedClip> towers;
  private final Map<ModelComponent, Double> units = new LinkedHashMap<>();

  TrainableTextualInversion(LoraTraining settings, PersonToken subject, BaseModel base) {
    if (subject.token().isBlank()) {
      throw new IllegalArgumentException(
          "a new word needs a token to be called by: Subject.token, e.g. sks");
    }
    this.settings = settings;
    this.subject = subject;
    model = base.unwrap(OpenModel.class);
    towers = TrainingTarget.of(model).clipTextEncoders();
    if (towers.isEmpty()) {
      throw new IllegalArgumentException(
          "a new word is learned for CLIP's text encoders, of which this base has none; leave the"
              + " pivot out");
    }
    try (TensorScope scope = TensorScope.open()) {
      double moved = settings.options().pivot().rate() / stepOfFactors(base);
      towers.forEach(
          textEncoder -> units.put(textEncoder.component(), moved * spread(textEncoder)));
    }
  }

  /** Prodigy's own steps come out about as long as the rates that are usual. */
  private double stepOfFactors(BaseModel base) {
    return settings.options().optimizer() == OptimizerOptions.TrainingOptimizer.PRODIGY
        ? LoraTraining.balanced().suitedTo(base).learningRate()
        : settings.learningRate();
  }

  static String leaf(ModelComponent part) {
    return part.folder() + LEAF;
  }

  static boolean isLeaf(String name) {
    return name.endsWith(LEAF);
  }

  /** Makes the leaves. */
  void join(TrainableWeights weights) {
    towers.forEach(textEncoder -> weights.get(
        leaf(textEncoder.component()),
        settings.options().pivot().vectors(),
        textEncoder.config().width()));
  }

  /** What a leaf is at first: the class word's own vectors on average, each moved a little. */
  Tensor firstValue(String name, long[] shape, NoiseSource random) {
    LoadedClip textEncoder = towers.stream()
        .filter(t -> name.equals(leaf(t.component())))
        .findFirst()
        .orElseThrow();
    int[] ids = new ClipPromptEncoder(
            textEncoder.tokenizer(), textEncoder.encoder(Adaptation.NONE), model.compute())
        .ids(subject.classWord(), PromptSyntax.PLAIN)
        .get(0);
    Tensor mean = null;
    int count = 0;
    for (int i = 1; i < ids.length && ids[i] != textEncoder.tokenizer().end(); i++, count++) {
      Tensor own = table(textEncoder).select(0, ids[i]);
      mean = mean == null ? own : mean.add(own);
    }
    Tensor apart = random.next(shape).squeeze(0).mul(new Scalar(APART * spread(textEncoder)));
    return mean.div(new Scalar((double) count))
        .add(apart)
        .div(new Scalar(units.get(textEncoder.component())));
  }

  /** {@code plain} reading the token as this word; gradients reach the leaf. */
  ClipPromptEncoder in(ClipPromptEncoder plain, LoadedClip textEncoder, TrainableWeights weights) {
    Tensor leaf = weights.leaves().get(leaf(textEncoder.component()));
    int width = textEncoder.config().width();
    float[] unused = new float[settings.options().pivot().vectors() * width];
    return plain.withTrainedVectors(
        new TextualInversion(subject.token(), Map.of(width, unused)), vectors(textEncoder, leaf));
  }

  /** The word that {@code values} of the leaves mean. */
  TextualInversion saved(Function<String, Tensor> values) {
    Map<Integer, float[]> vectors = new LinkedHashMap<>();
    towers.forEach(textEncoder -> vectors.put(
        textEncoder.config().width(),
        ImageTensors.floats(vectors(
            textEncoder, values.apply(leaf(textEncoder.component())).detach().cpu()))));
    return new TextualInversion(subject.token(), vectors);
  }

  private Tensor vectors(LoadedClip textEncoder, Tensor leaf) {
    return leaf.mul(new Scalar(units.get(textEncoder.component())));
  }

  private double spread(LoadedClip textEncoder) {
    return table(textEncoder).std().item_double();
  }

  private Tensor table(LoadedClip textEncoder) {
    return model.tensor(textEncoder.component(), TABLE).cpu().to(ScalarType.Float);
  }
}
