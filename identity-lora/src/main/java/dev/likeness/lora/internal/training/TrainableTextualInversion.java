package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.access.EngineAccess;
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
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingOptimizer;
import dev.likeness.lora.training.TrainingSettings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The placeholder token of a person during training: one leaf of vectors for each text encoder.
 * Values are scaled so that a step of the learning rate changes a vector by
 * {@link dev.likeness.lora.training.PivotalTuning#learningRate} standard deviations of the
 * encoder's embeddings.
 */
final class TrainableTextualInversion {
  private static final String LEAF_SUFFIX = ".word";
  private static final String TABLE = "text_model.embeddings.token_embedding.weight";
  /**
   * The initial distance of the vectors from each other, in standard deviations, so that they
   * become different.
   */
  private static final double INIT_NOISE = 0.1;

  private final TrainingSettings settings;
  private final PersonToken personToken;
  private final OpenModel model;
  private final List<LoadedClip> textEncoders;
  private final Map<ModelComponent, Double> scales = new LinkedHashMap<>();

  TrainableTextualInversion(TrainingSettings settings, PersonToken personToken, BaseModel base) {
    if (personToken.token().isBlank()) {
      throw new IllegalArgumentException(
          "pivotal tuning needs a token for the person; set PersonToken.token, e.g. sks");
    }
    this.settings = settings;
    this.personToken = personToken;
    model = EngineAccess.model(base);
    textEncoders = TrainingTarget.of(model).clipTextEncoders();
    if (textEncoders.isEmpty()) {
      throw new IllegalArgumentException(
          "pivotal tuning needs a CLIP text encoder, and this base has none; turn pivotal tuning"
              + " off");
    }
    try (TensorScope scope = TensorScope.open()) {
      double moved = settings.pivotalTuning().learningRate() / adapterLearningRate(base);
      textEncoders.forEach(
          textEncoder -> scales.put(textEncoder.component(), moved * embeddingStd(textEncoder)));
    }
  }

  /** Prodigy's effective steps are about as long as usual learning rates. */
  private double adapterLearningRate(BaseModel base) {
    return settings.optimizer() == TrainingOptimizer.PRODIGY
        ? TrainingSettings.balanced().forBase(base).learningRate()
        : settings.learningRate();
  }

  static String leafName(ModelComponent component) {
    return component.folder() + LEAF_SUFFIX;
  }

  static boolean isLeaf(String name) {
    return name.endsWith(LEAF_SUFFIX);
  }

  /** Creates the leaves. */
  void register(TrainableWeights weights) {
    textEncoders.forEach(textEncoder -> weights.get(
        leafName(textEncoder.component()),
        settings.pivotalTuning().vectors(),
        textEncoder.config().width()));
  }

  /**
   * Returns the initial value of a leaf: the mean of the class word's vectors, with a small random
   * change for each.
   */
  Tensor initialValue(String name, long[] shape, NoiseSource random) {
    LoadedClip textEncoder = textEncoders.stream()
        .filter(t -> name.equals(leafName(t.component())))
        .findFirst()
        .orElseThrow();
    int[] ids = new ClipPromptEncoder(
            textEncoder.tokenizer(), textEncoder.encoder(Adaptation.NONE), model.compute())
        .ids(personToken.classWord(), PromptSyntax.PLAIN)
        .get(0);
    Tensor mean = null;
    int count = 0;
    for (int i = 1; i < ids.length && ids[i] != textEncoder.tokenizer().end(); i++, count++) {
      Tensor own = embeddingTable(textEncoder).select(0, ids[i]);
      mean = mean == null ? own : mean.add(own);
    }
    Tensor apart =
        random.next(shape).squeeze(0).mul(new Scalar(INIT_NOISE * embeddingStd(textEncoder)));
    return mean.div(new Scalar((double) count))
        .add(apart)
        .div(new Scalar(scales.get(textEncoder.component())));
  }

  /** Returns {@code plain} with this textual inversion; gradients reach the leaf. */
  ClipPromptEncoder promptEncoder(
      ClipPromptEncoder plain, LoadedClip textEncoder, TrainableWeights weights) {
    Tensor leaf = weights.leaves().get(leafName(textEncoder.component()));
    int width = textEncoder.config().width();
    float[] unused = new float[settings.pivotalTuning().vectors() * width];
    return plain.withTrainedVectors(
        new TextualInversion(personToken.token(), Map.of(width, unused)),
        vectors(textEncoder, leaf));
  }

  /** Returns the textual inversion for these values of the leaves. */
  TextualInversion toTextualInversion(Function<String, Tensor> values) {
    Map<Integer, float[]> vectors = new LinkedHashMap<>();
    textEncoders.forEach(textEncoder -> vectors.put(
        textEncoder.config().width(),
        ImageTensors.floats(vectors(
            textEncoder,
            values.apply(leafName(textEncoder.component())).detach().cpu()))));
    return new TextualInversion(personToken.token(), vectors);
  }

  private Tensor vectors(LoadedClip textEncoder, Tensor leaf) {
    return leaf.mul(new Scalar(scales.get(textEncoder.component())));
  }

  private double embeddingStd(LoadedClip textEncoder) {
    return embeddingTable(textEncoder).std().item_double();
  }

  private Tensor embeddingTable(LoadedClip textEncoder) {
    return model.tensor(textEncoder.component(), TABLE).cpu().to(ScalarType.Float);
  }
}
