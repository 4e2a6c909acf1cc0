// Generates images on the embedded model: each part of docs/guides/generate.md once.

BaseModel base = BaseModel.open(PortraitModel.files(), Compute.best())
String prompt = "studio portrait of an old woman with red hair"
ImageRequest request = ImageRequest.of(prompt).negative("glasses").steps(4).seed(1)
base.generate(request).write(Path.of("plain.png"))

// Schedulers, by the names of diffusers, ComfyUI and the web UI. The same seed gives the same initial noise.
for (String name : List.of("Euler a", "DPM++ 2M Karras", "dpmpp_2m_sde exponential", "UniPCMultistepScheduler")) {
  base.generate(request.scheduler(name)).write(Path.of(name + ".png"));
}
System.out.println(base.scheduler().with("DPM++ 2M Karras").plan(30))

// Explicit steps, given as timesteps or as sigmas. The last sigma is the end of sampling.
base.generate(request.scheduler("LCM").timesteps(999, 749, 499, 249)).write(Path.of("timesteps.png"))
base.generate(request.scheduler("Euler").sigmas(14.615, 3.864, 0.964, 0.152, 0)).write(Path.of("sigmas.png"))

// Several images in one batch: image i uses seed + i.
List<GeneratedImage> four = base.generateAll(request.count(4))

// Progress, and cancellation.
Cancellation stop = new Cancellation()
base.generate(request, new Run(event -> {
  if (event instanceof ProgressEvent.Step s) System.out.println(s.step() + " of " + s.steps());
}, stop))

// Image to image: the last 60 % of the steps, over a photo.
Path file = Path.of("plain.png")
RgbImage photo = RgbImage.read(file)
base.generate(
    request.prompt("studio portrait of an old woman with black hair").initialImage(photo, 0.6)).write(Path.of("over.png"))

// Inpainting: white is generated, black stays. Outpainting: margins in pixels: left, top, right, bottom.
byte[] lower = new byte[3 * 256 * 256]
Arrays.fill(lower, lower.length / 2, lower.length, (byte) 255)
RgbImage mask = RgbImage.of(256, 256, lower)
base.generate(request.initialImage(InitialImage.of(photo).mask(mask).strength(0.8))).write(Path.of("inside.png"))
base.generate(request.outpaint(photo, 32, 0, 32, 0)).write(Path.of("wider.png"))

// High-resolution fix: generate small, enlarge, refine.
base.generate(request.hires(HiresFix.latents(1.5, 0.6))).write(Path.of("larger.png"))

// Prompts of the web UI: weights, schedules, any length. On Stable Diffusion 1.x a clip skip of 1 is the web UI's 2.
base.generate(request
    .prompt("studio portrait of an (old:1.3) woman, [red:black:0.5] hair").syntax(PromptSyntax.A1111).clipSkip(1))

// Guidance: scale, rescale, and the interval of steps in which it acts.
base.generate(request.guidance(4).guidance(GuidanceOptions.DEFAULT.rescale(0.5).between(0.1, 0.9)))

// Files: a LoRA, a textual inversion, a ControlNet with its control image.
RgbImage generate(BaseModel base, ImageRequest request, Path lora, Path word, Path net, RgbImage edges) {
  try (Lora style = Lora.open(lora, base); ControlNet canny = BaseModel.openControlNet(net, base.compute())) {
    return base.generate(request.adapter(style.at(0.8)).textualInversion(TextualInversion.open(word))
        .controlImage(ControlImage.of(canny, edges).scale(0.8).between(0, 0.7))).image();
  }
}

// Little memory: a plan for a memory budget; print it to see what it does.
BaseModel small = BaseModel.open(
    ModelFiles.of(PortraitModel.files()), Compute.best(), MemoryBudget.of("2GiB").size(256, 256))
System.out.println(small.memoryPlan().orElseThrow())
System.out.println("generated within the budget: " + (small.generate(request).image().width() == 256))

small.close()
base.close()
/exit
