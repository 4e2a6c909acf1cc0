package dev.likeness.integrations.spring;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.ipadapter.IdentityFiles;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.portrait.PortraitModel;
import java.nio.file.Path;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.util.ClassUtils;
import org.springframework.util.unit.DataSize;

/** Opens the base model, and creates a headshot studio and a queue on it. */
@AutoConfiguration
@EnableConfigurationProperties(LikenessProperties.class)
public class LikenessAutoConfiguration {
  private static final String EMBEDDED = "dev.likeness.portrait.PortraitModel";

  /** Creates the configuration. */
  public LikenessAutoConfiguration() {}

  /**
   * {@return the base model of the properties; the context closes it}
   *
   * @param properties model, device, element type and memory
   * @param observers receive the events of each generation and training
   * @throws IllegalStateException if the property {@code likeness.model} is not set and there is no
   *     embedded model
   */
  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  BaseModel likenessBaseModel(
      LikenessProperties properties, ObjectProvider<Progress.Observer> observers) {
    ModelFiles files = ModelFiles.of(
        properties.model() == null || properties.model().isBlank()
            ? embedded(LikenessAutoConfiguration.class.getClassLoader())
            : Path.of(properties.model()));
    String device = properties.device() == null ? Compute.best().device() : properties.device();
    Compute compute =
        properties.dtype() == null ? Compute.of(device) : Compute.of(device, properties.dtype());
    BaseModel base = properties.memory() == null
        ? BaseModel.open(files, compute)
        : BaseModel.open(files, compute, budget(properties.memory()));
    try {
      policy(properties).require(base);
    } catch (RuntimeException e) {
      base.close();
      throw e;
    }
    for (Progress.Observer observer : observers.orderedStream().toList()) {
      base = base.observed(observer);
    }
    return base;
  }

  private static MemoryBudget budget(DataSize memory) {
    return MemoryBudget.ofBytes(memory.toBytes());
  }

  static Path embedded(ClassLoader classes) {
    if (!ClassUtils.isPresent(EMBEDDED, classes)) {
      throw new IllegalStateException("no base model is given: set the property likeness.model to a"
          + " folder or file, or add the dependency dev.likeness:likeness-portrait-model");
    }
    return Embedded.files();
  }

  /**
   * {@return the adapter of the identity method in the folder of the properties; the context closes
   * it}
   *
   * @param base the base model
   * @param properties the folder, and whether the use is commercial
   */
  @Bean(destroyMethod = "close")
  @ConditionalOnProperty("likeness.identity")
  @ConditionalOnMissingBean
  PersonAdapter likenessPersonAdapter(BaseModel base, LikenessProperties properties) {
    return PersonAdapter.open(
        IdentityFiles.findIn(Path.of(properties.identity())), base, policy(properties));
  }

  private static UsePolicy policy(LikenessProperties properties) {
    return UsePolicy.of(properties.commercial());
  }

  /**
   * {@return a studio with default settings}
   *
   * @param base the base model
   */
  @Bean
  @ConditionalOnMissingBean
  HeadshotStudio likenessStudio(BaseModel base) {
    return HeadshotStudio.on(base);
  }

  /**
   * {@return the queue; the context closes it}
   *
   * @param studio generates the headshots
   * @param properties the limits of the queue
   */
  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  GenerationQueue likenessQueue(HeadshotStudio studio, LikenessProperties properties) {
    LikenessProperties.Queue limits = properties.queue();
    return GenerationQueue.on(
        studio,
        new GenerationQueue.Options(
            limits.workers(),
            limits.capacity(),
            limits.memory() == null ? Long.MAX_VALUE : limits.memory().toBytes()));
  }

  /**
   * {@return the shutdown of the queue, which comes before the shutdown of the web server} Requests
   * that wait for a job then end at once.
   *
   * @param queue the queue
   */
  @Bean
  SmartLifecycle likenessShutdown(GenerationQueue queue) {
    return new QueueShutdown(queue);
  }

  /** Cancels all jobs when the context stops, and waits until they have stopped within a step. */
  private static final class QueueShutdown implements SmartLifecycle {
    private final GenerationQueue queue;
    private volatile boolean isRunning;

    private QueueShutdown(GenerationQueue queue) {
      this.queue = queue;
    }

    @Override
    public void start() {
      isRunning = true;
    }

    @Override
    public void stop() {
      isRunning = false;
      queue.close();
    }

    @Override
    public boolean isRunning() {
      return isRunning;
    }
  }

  /** Loaded only if the embedded model is on the class path. */
  private static final class Embedded {
    private static Path files() {
      return PortraitModel.files();
    }
  }
}
