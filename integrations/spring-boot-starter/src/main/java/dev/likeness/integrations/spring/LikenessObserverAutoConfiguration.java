package dev.likeness.integrations.spring;

import dev.likeness.diffusion.request.Progress;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.integrations.observability.MicrometerObserver;
import dev.likeness.integrations.observability.OpenTelemetryObserver;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.opentelemetry.api.OpenTelemetry;
import java.util.function.Function;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Reports the work of the base model to Micrometer and OpenTelemetry, if the application has a
 * {@link MeterRegistry} or an {@link OpenTelemetry}.
 */
@AutoConfiguration
public class LikenessObserverAutoConfiguration {
  /** Creates the configuration. */
  public LikenessObserverAutoConfiguration() {}

  /**
   * An observer that needs a bean which may be created later than the base model, or not at all.
   */
  private static <T> Progress.Observer lazily(
      ObjectProvider<T> needed, Function<T, Progress.Observer> observer) {
    return work -> {
      T found = needed.getIfUnique();
      return found == null ? Progress.SILENT : observer.apply(found).onStart(work);
    };
  }

  /** Meters of the work and of the queue. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(MeterRegistry.class)
  static class Meters {
    @Bean
    @ConditionalOnMissingBean(name = "likenessMeters")
    Progress.Observer likenessMeters(ObjectProvider<MeterRegistry> registry) {
      return lazily(registry, MicrometerObserver::new);
    }

    @Bean
    @ConditionalOnMissingBean(name = "likenessQueueMeters")
    MeterBinder likenessQueueMeters(ObjectProvider<GenerationQueue> queues) {
      return registry -> queues.ifUnique(queue -> {
        Gauge.builder("likeness.queue.waiting", queue, GenerationQueue::waiting)
            .description("jobs that wait")
            .register(registry);
        Gauge.builder("likeness.queue.running", queue, GenerationQueue::running)
            .description("jobs that run")
            .register(registry);
      });
    }
  }

  /** Spans of the work. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(OpenTelemetry.class)
  static class Traces {
    @Bean
    @ConditionalOnMissingBean(name = "likenessTraces")
    Progress.Observer likenessTraces(ObjectProvider<OpenTelemetry> telemetry) {
      return lazily(telemetry, OpenTelemetryObserver::new);
    }
  }
}
