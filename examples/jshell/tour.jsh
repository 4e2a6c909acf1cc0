// A tour: a plan as a table, a portrait, and a LoRA attached to the same model.

SchedulerConfig euler = SchedulerConfig.named("euler a")
System.out.println(euler.plan(6))

BaseModel base = BaseModel.open(PortraitModel.files(), Compute.best())
ImageRequest ask = ImageRequest.of("studio portrait of an old woman with red hair and glasses").steps(8).seed(1)
GeneratedImage plain = base.generate(ask)
plain.writePng(Path.of("portrait.png"))
System.out.println("drawn: " + Path.of("portrait.png").toAbsolutePath())

LoraTraining lesson = LoraTraining.quick().steps(2).captions("portrait of %s")
TrainedPerson her = new LoraTrainer(lesson).train(base, List.of(plain.picture()), PersonToken.of("woman"), Progress.SILENT, new Cancellation())
her.save(Path.of("her.safetensors"))
Lora lora = Lora.open(Path.of("her.safetensors"), base)
System.out.println(lora.report())
System.out.println("differs: " + !base.generate(ask.as(lora.at(1))).picture().equals(plain.picture()))
System.out.println("detached: " + base.generate(ask).picture().equals(plain.picture()))

lora.close()
her.close()
base.close()
/exit
