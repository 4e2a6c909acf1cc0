// A tour: a plan as a table, a portrait, and a LoRA attached to the same model.

SchedulerConfig euler = SchedulerConfig.named("euler a")
System.out.println(euler.plan(6))

BaseModel base = BaseModel.open(PortraitModel.files(), Compute.best())
ImageRequest request = ImageRequest.of("studio portrait of an old woman with red hair and glasses").steps(8).seed(1)
GeneratedImage plain = base.generate(request)
plain.write(Path.of("portrait.png"))
System.out.println("written: " + Path.of("portrait.png").toAbsolutePath())

TrainingSettings settings = TrainingSettings.quick().steps(2).captions("portrait of %s")
LoraPerson her = new LoraTrainer(settings).train(base, List.of(plain.image()), PersonToken.of("woman"))
her.save(Path.of("her.safetensors"))
Lora lora = Lora.open(Path.of("her.safetensors"), base)
System.out.println(lora.inspection())
System.out.println("differs: " + !base.generate(request.adapter(lora.at(1))).image().equals(plain.image()))
System.out.println("detached: " + base.generate(request).image().equals(plain.image()))

lora.close()
her.close()
base.close()
/exit
