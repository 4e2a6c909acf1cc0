package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.PersonTrainer;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options for the size of training images and for a training adapter. */
@Command(optionListHeading = "Training")
final class TrainingBaseOptions {
  @NumberRange(min = 64, max = NumberRange.MAX_SIDE)
  @Option(
      names = "--size",
      paramLabel = "PX",
      description = "width and height of the training images in pixels (default: the base's size). "
          + "Smaller images need less memory and time")
  private Integer size;

  @PathUse(Use.READ)
  @ModelFile(Role.ACCELERATOR)
  @Option(
      names = "--training-adapter",
      paramLabel = "FILE",
      description =
          "LoRA that is added to the base during the training and left out of the result. "
              + "A distilled base needs one (default: that of the catalogue, if it knows the base)")
  private Path trainingAdapter;

  @Option(
      names = "--eight-bits",
      description =
          "keeps the frozen UNet or transformer in 8 bits: takes half the memory of bf16, "
              + "and trains nearly the same LoRA. Without this option, a GGUF base on a CPU keeps "
              + "the quantisation of its file")
  private boolean eightBits;

  @Mixin
  private BucketOptions buckets;

  boolean isInEightBits() {
    return eightBits;
  }

  /** Refuses options that do nothing, before any work. */
  void requireUsed() {
    buckets.requireUsed();
  }

  /**
   * Takes the catalogue's training adapter if none is given, and refuses one that cannot be read,
   * before any work.
   */
  void prepare(BaseOptions base, Console console) {
    if (trainingAdapter == null) {
      trainingAdapter = TrainingRecipe.adapter(base, console).orElse(null);
    }
    if (trainingAdapter != null) {
      WeightedFile.requireReadable(trainingAdapter);
    }
  }

  /** Opens the base, in 8 bits if requested. */
  BaseModel open(BaseOptions base) {
    return eightBits ? base.openInEightBits() : base.open();
  }

  /** The size of the training images on a base. */
  int size(BaseModel model) {
    return size == null ? model.defaults().width() : size;
  }

  /**
   * Returns a studio that trains with these options.
   *
   * @param model the base of the studio
   */
  HeadshotStudio apply(HeadshotStudio studio, BaseModel model) {
    PersonTrainer sized = size == null ? studio.trainer() : studio.trainer().size(size);
    PersonTrainer shaped = buckets.buckets(size(model)).map(sized::buckets).orElse(sized);
    return studio.trainer(
        trainingAdapter == null ? shaped : shaped.trainingAdapter(trainingAdapter));
  }
}
