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
    towers = TrainingTarget.of(model).towers();
    if (towers.isEmpty()) {
      throw new IllegalArgumentException(
          "a new word is learned for CLIP's text encoders, of which this base has none; leave the"
              + " pivot out");
    }
    try (TensorScope scope = TensorScope.open()) {
      double moved = settings.options().pivot().rate() / stepOfFactors(base);
      towers.forEach(tower -> units.put(tower.part(), moved * spread(tower)));
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
    towers.forEach(tower -> weights.get(
        leaf(tower.part()), settings.options().pivot().vectors(), tower.config().width()));
  }

  /** What a leaf is at first: the class word's own vectors on average, each moved a little. */
  Tensor firstValue(String name, long[] shape, NoiseSource random) {
    LoadedClip tower =
        towers.stream().filter(t -> name.equals(leaf(t.part()))).findFirst().orElseThrow();
    int[] ids = new ClipPromptEncoder(
            tower.tokenizer(), tower.encoder(Adaptation.NONE), model.compute())
        .ids(subject.classWord(), PromptSyntax.PLAIN)
        .get(0);
    Tensor mean = null;
    int count = 0;
    for (int i = 1; i < ids.length && ids[i] != tower.tokenizer().end(); i++, count++) {
      Tensor own = table(tower).select(0, ids[i]);
      mean = mean == null ? own : mean.add(own);
    }
    Tensor apart = random.next(shape).squeeze(0).mul(new Scalar(APART * spread(tower)));
    return mean.div(new Scalar((double) count)).add(apart).div(new Scalar(units.get(tower.part())));
  }

  /** {@code plain} reading the token as this word; gradients reach the leaf. */
  ClipPromptEncoder in(ClipPromptEncoder plain, LoadedClip tower, TrainableWeights weights) {
    Tensor leaf = weights.leaves().get(leaf(tower.part()));
    int width = tower.config().width();
    float[] unused = new float[settings.options().pivot().vectors() * width];
    return plain.learning(
        new TextualInversion(subject.token(), Map.of(width, unused)), vectors(tower, leaf));
  }

  /** The word that {@code values} of the leaves mean. */
  TextualInversion saved(Function<String, Tensor> values) {
    Map<Integer, float[]> vectors = new LinkedHashMap<>();
    towers.forEach(tower -> vectors.put(
        tower.config().width(),
        ImageTensors.floats(
            vectors(tower, values.apply(leaf(tower.part())).detach().cpu()))));
    return new TextualInversion(subject.token(), vectors);
  }

  private Tensor vectors(LoadedClip tower, Tensor leaf) {
    return leaf.mul(new Scalar(units.get(tower.part())));
  }

  private double spread(LoadedClip tower) {
    return table(tower).std().item_double();
  }

  private Tensor table(LoadedClip tower) {
    return model.tensor(tower.part(), TABLE).cpu().to(ScalarType.Float);
  }
}
