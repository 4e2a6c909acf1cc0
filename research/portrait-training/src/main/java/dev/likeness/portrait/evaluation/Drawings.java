package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.shoot.Headshot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Images that a model draws for an evaluation, kept in a folder, so that none is drawn twice. */
final class Drawings {
  private final BaseModel base;
  private final EvaluationPlan plan;
  private final Path folder;
  private final Progress progress;
  private final Cancellation cancellation;

  Drawings(BaseModel base, EvaluationPlan plan, Path folder, Run run) {
    this.base = base;
    this.plan = plan;
    this.folder = folder;
    this.progress = run.progress();
    this.cancellation = run.cancellation();
  }

  /** An image of each prompt, from noise of their own; {@code set} names them. */
  List<RgbImage> of(String set, List<String> prompts) {
    return asked(set, prompts.stream().map(ImageRequest::of).toList());
  }

  /** The same of each request, by the plan's seeds, steps and guidance. */
  List<RgbImage> asked(String set, List<ImageRequest> requests) {
    List<RgbImage> images = new ArrayList<>();
    progress.onEvent(new ProgressEvent.Phase(set, requests.size()));
    for (int i = 0; i < requests.size(); i++) {
      cancellation.throwIfCancelled();
      images.add(kept(set, i, requests.get(i)));
      progress.onEvent(new ProgressEvent.Step(set, i + 1, requests.size()));
    }
    return images;
  }

  private RgbImage kept(String set, int index, ImageRequest request) {
    Path file = file(set, index);
    if (Files.exists(file)) {
      return RgbImage.read(file);
    }
    RgbImage image = base.generate(
            request.seed(plan.seed() + index).steps(plan.steps()).guidance(plan.guidance()))
        .image();
    image.writePng(file);
    return image;
  }

  /** The images that are in {@code set} by now. */
  List<RgbImage> kept(String set) {
    return IntStream.iterate(0, i -> Files.exists(file(set, i)), i -> i + 1)
        .mapToObj(i -> RgbImage.read(file(set, i)))
        .toList();
  }

  /** Keeps {@code headshots} as {@code set}. */
  void keep(String set, List<Headshot> headshots) {
    IntStream.range(0, headshots.size())
        .forEach(k -> headshots.get(k).image().writePng(file(set, k)));
  }

  /** Where image {@code index} of {@code set} is, or will be. */
  Path file(String set, int index) {
    return folder.resolve(set).resolve(String.format(Locale.ROOT, "%04d.png", index));
  }
}
