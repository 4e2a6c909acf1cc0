package dev.likeness.diffusion;

import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.GenerationHooks;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.HiresFix;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.PromptEmbedding;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.diffusion.request.SamplingOptions;
import dev.likeness.diffusion.request.SizeConditioning;
import dev.likeness.diffusion.tensor.Latents;
import java.util.ArrayList;
import java.util.List;

/** A request while one of its parts is changed. */
public final class RequestDraft {
  public String prompt;
  public String negative = "";
  int steps;
  SamplingOptions ownSteps = SamplingOptions.NONE;
  public double guidance = Double.NaN;
  public long seed;
  public int count = 1;
  public int width;
  public int height;
  public String scheduler;
  public final List<Adapter> adapters = new ArrayList<>();
  public SizeConditioning sizes = SizeConditioning.OWN;
  public SizeConditioning negativeSizes;
  public InitialImage initial;
  public Latents noise;
  public double from;
  public double until = 1;
  public double eta = Double.NaN;
  public PromptOptions prompting = PromptOptions.PLAIN;
  public PromptEmbedding embedding;
  public PromptEmbedding negativeEmbedding;
  public GuidanceOptions guidanceOptions = GuidanceOptions.STANDARD;
  public final List<ControlImage> controls = new ArrayList<>();
  public HiresFix hires;
  public boolean tiled;
  public CachingOptions approximation = CachingOptions.NONE;
  public GenerationHooks joints = GenerationHooks.NONE;

  public RequestDraft(String prompt) {
    this.prompt = prompt;
  }

  public RequestDraft(ImageRequest r) {
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

  public void lay(int number, SamplingOptions laid) {
    steps = number;
    ownSteps = laid;
  }

  public ImageRequest request() {
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
