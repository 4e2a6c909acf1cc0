package dev.likeness.ipadapter.internal.method.photomaker;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.PromptChange;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.AdapterNames;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.ImageTokens;
import dev.likeness.ipadapter.internal.projection.FaceFusion;
import dev.likeness.ipadapter.internal.projection.FacePerceiver;
import dev.likeness.ipadapter.internal.vision.ImageProcessor;
import dev.likeness.ipadapter.internal.vision.VisionConfig;
import dev.likeness.ipadapter.internal.vision.VisionModel;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** The networks of an opened PhotoMaker file. */
final class PhotoMakerAdapter implements IdentityMethod.Opened {
  // OpenAI's CLIP ViT-L.
  private static final int HEAD_WIDTH = 64;
  private static final double EPS = 1e-5;

  private final AdapterLayout layout;
  private final Compute compute;
  private final VisionModel tower;
  private final ImageProcessor processor;
  private final FaceFusion fusion;
  private final Linear projection;
  private final Linear secondProjection;
  private final FacePerceiver perceiver;

  PhotoMakerAdapter(AdapterLayout layout, LoadedWeights file, Compute compute) {
    this(layout, new AdapterNames(file), Weights.of(file), compute);
  }

  /** Reads the networks from the root of a file, whose names and shapes are given. */
  PhotoMakerAdapter(AdapterLayout layout, TensorNames shapes, Weights file, Compute compute) {
    this.layout = layout;
    this.compute = compute;
    Weights w = file.at(PhotoMakerMethod.ENCODER);
    VisionConfig config = config(shapes, layout);
    tower = new VisionModel(config, w);
    processor = ImageProcessor.clip(config.imageSize());
    fusion = new FaceFusion(w.at("fuse_module"), layout.contextWidth());
    projection =
        Linear.withoutBias(w.at("visual_projection"), config.width(), config.projectionDim());
    secondProjection = Linear.withoutBias(
        w.at("visual_projection_2"),
        config.width(),
        layout.contextWidth() - config.projectionDim());
    String added = PhotoMakerMethod.ENCODER + ".qformer_perceiver.";
    perceiver = layout.faceWidth() == 0
        ? null
        : new FacePerceiver(FacePerceiver.Shape.of(shapes, added), w.at("qformer_perceiver"));
  }

  private static VisionConfig config(TensorNames file, AdapterLayout layout) {
    ShapeReader shapes = new ShapeReader(
        file, PhotoMakerMethod.ENCODER + ".", "encoder of " + layout.method().title());
    String embeddings = "vision_model.embeddings.";
    int patch = shapes.size(embeddings + "patch_embedding.weight", 3);
    int positions = shapes.size(embeddings + "position_embedding.weight", 0);
    int width = shapes.size("visual_projection.weight", 1);
    return new VisionConfig(
        false,
        width,
        shapes.size("vision_model.encoder.layers.0.mlp.fc1.weight", 0),
        shapes.count("vision_model.encoder.layers."),
        Math.max(1, width / HEAD_WIDTH),
        patch * (int) Math.round(Math.sqrt(positions - 1.0)),
        patch,
        Activation.QUICK_GELU,
        EPS,
        shapes.size("visual_projection.weight", 0));
  }

  /** Version 1: the pooled state, [1, 1, width]. Version 2: the last states, [1, tokens, width]. */
  @Override
  public Tensor encode(RgbImage photo) {
    try (NoGradGuard guard = new NoGradGuard()) {
      VisionModel.ImageEncoding encoding =
          tower.forward(Tensors.place(compute, processor.preprocess(photo)));
      return perceiver == null ? tower.pooledState(encoding.last()).unsqueeze(1) : encoding.last();
    }
  }

  @Override
  public PromptChange prompts(
      ReferenceEmbeddings references, double weight, double start, double end) {
    if (weight == 0) {
      return MergedPrompt.WITHOUT_TRIGGER;
    }
    Tensor image = ImageTokens.place(references.image().orElseThrow(), compute);
    Tensor embeddings = perceiver == null
        ? torch.cat(
            new TensorVector(projection.forward(image), secondProjection.forward(image)), -1)
        : perceiver.forward(
            ImageTokens.place(references.face().orElseThrow(), compute).select(1, 0), image);
    return new MergedPrompt(
        fusion, embeddings.reshape(-1, layout.contextWidth()), weight, start, end);
  }
}
