package dev.likeness.diffusion;

import dev.likeness.diffusion.adapt.Adapter;
import java.util.ArrayList;
import java.util.List;

/** A request while one of its parts is changed. */
final class RequestDraft {
  String prompt;
  String negative = "";
  int steps;
  OwnSteps ownSteps = OwnSteps.NONE;
  double guidance = Double.NaN;
  long seed;
  int count = 1;
  int width;
  int height;
  String scheduler;
  final List<Adapter> adapters = new ArrayList<>();
  SizeConditioning sizes = SizeConditioning.OWN;
  SizeConditioning negativeSizes;
  InitialImage initial;
  Latents noise;
  double from;
  double until = 1;
  double eta = Double.NaN;
  Prompting prompting = Prompting.PLAIN;
  PromptEmbedding embedding;
  PromptEmbedding negativeEmbedding;
  GuidanceOptions guidanceOptions = GuidanceOptions.STANDARD;
  final List<Control> controls = new ArrayList<>();
  HiresFix hires;
  boolean tiled;
  Approximation approximation = Approximation.NONE;
  Joints joints = Joints.NONE;

  RequestDraft(String prompt) {
    this.prompt = prompt;
  }

  RequestDraft(ImageRequest r) {
    prompt = r.prompt();
    negative = r.negative();
    steps = r.steps();
    ownSteps = r.ownSteps();
    guidance = r.guidance();
    seed = r.seed();
    count = r.count();
    width = r.width();
    height = r.height();
    scheduler = r.scheduler();
    adapters.addAll(r.adapters());
    sizes = r.sizes();
    negativeSizes = r.negativeSizes();
    initial = r.initial();
    noise = r.noise();
    from = r.from();
    until = r.until();
    eta = r.eta();
    prompting = r.prompting();
    embedding = r.embedding();
    negativeEmbedding = r.negativeEmbedding();
    guidanceOptions = r.guidanceOptions();
    controls.addAll(r.controls());
    hires = r.hires();
    tiled = r.tiled();
    approximation = r.approximation();
    joints = r.joints();
  }

  void lay(int number, OwnSteps laid) {
    steps = number;
    ownSteps = laid;
  }

  ImageRequest request() {
    return new ImageRequest(
        prompt,
        negative,
        steps,
        ownSteps,
        guidance,
        seed,
        count,
        width,
        height,
        scheduler,
        adapters,
        sizes,
        negativeSizes,
        initial,
        noise,
        from,
        until,
        eta,
        prompting,
        embedding,
        negativeEmbedding,
        guidanceOptions,
        controls,
        hires,
        tiled,
        approximation,
        joints);
  }
}
