// Research without a fork: a solver, a sigma schedule and a network wrapper of one's own, latents per step,
// interpolation between images.

import dev.likeness.diffusion.internal.sampling.EngineHooks
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener
import org.bytedeco.pytorch.Tensor

BaseModel base = BaseModel.open(PortraitModel.files(), Compute.EXACT)
ImageRequest request = ImageRequest.of("studio portrait of an old woman with red hair").steps(6).seed(1).guidance(3)

// A solver: Euler's method, written as its paper has it.
Solver euler = (sigmas, plan) -> {
  Combination x = plan.start();
  for (int i = sigmas.first(); i <= sigmas.last(); i++) {
    Call call = plan.call(x, sigmas.timestep(i), sigmas.at(i));
    x = call.sample().plus(call.derivative().times(sigmas.next(i).sigma() - sigmas.at(i).sigma()));
  }
  return x;
}

// A sigma schedule: sigmas that fall with the square of the step.
double[] sigmas = java.util.stream.IntStream.rangeClosed(0, 6).mapToDouble(
    i -> 14.6 * Math.pow(1 - i / 6.0, 2)).toArray()
CustomScheduler trained = CustomScheduler.stableDiffusion(base.scheduler().prediction()).withSolver(euler)
Scheduler own = new Scheduler() {
  public SamplingPlan plan(PlanRequest request) { return trained.plan(PlanRequest.ofSigmas(sigmas)); }
  public NoiseSchedule noiseSchedule() { return base.scheduler().noiseSchedule(); }
  public Prediction prediction() { return trained.prediction(); }
}
System.out.println(own.plan(PlanRequest.of(6)))

// A network of one's own around the base's: here it says the norm of each prediction.
java.util.function.UnaryOperator<Predictor> watched = network -> (input, step) -> {
  Tensor prediction = network.predict(input, step);
  System.out.printf("row %d: prediction of norm %.3f%n", step.index(), prediction.norm().item_double());
  return prediction;
}

// Latents of each step as floats with their shape.
List<Latents> path = new ArrayList<>()
StepListener listener = (step, of, x, denoised) -> path.add(Latents.of(x))
GeneratedImage mine = base.generate(request.customScheduler(own).hooks(EngineHooks.hooks(watched, listener)))
System.out.println(
    "steps seen: " + path.size() + ", each " + path.get(0) + " of " + path.get(0).values().length + " floats")
System.out.println("ends where it ends: " + path.get(path.size() - 1).equals(mine.latents()))

// Between two noises and two prompts.
Latents noise = base.noise(1, 256, 256).slerp(base.noise(2, 256, 256), 0.5)
PromptEmbedding prompt = base.encode("portrait of a young man").slerp(base.encode("portrait of an old woman"), 0.5)
GeneratedImage between = base.generate(request.noise(noise).embedding(prompt))
base.decode(between.latents()).writePng(Path.of("between.png"))
System.out.println("decoded again: " + base.decode(between.latents()).equals(between.image()))

base.close()
/exit
