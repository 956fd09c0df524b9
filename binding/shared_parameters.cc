#include "shared_parameters.h"

#include <map>
#include <mutex>
#include <random>
#include <utility>

#include "failure.h"

namespace caffe_node {

namespace {

class Registry {
 public:
  static Registry& Get() {
    static Registry registry;
    return registry;
  }

  const std::string& process() const { return process_; }

  void Add(const std::shared_ptr<SharedParameters>& parameters) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto entry = known_.begin(); entry != known_.end();) {
      entry = entry->second.expired() ? known_.erase(entry) : std::next(entry);
    }
    parameters->id = ++last_;
    known_[parameters->id] = parameters;
  }

  std::shared_ptr<SharedParameters> Find(std::uint64_t id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (id == 0 || id > last_) throw Failure("INPUT", "This handle was not made by share().");
    const auto entry = known_.find(id);
    return entry == known_.end() ? nullptr : entry->second.lock();
  }

 private:
  Registry() {
    std::random_device random;
    for (int i = 0; i < 4; ++i) process_ += std::to_string(random()) + (i < 3 ? "-" : "");
  }

  std::mutex mutex_;
  std::string process_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::weak_ptr<SharedParameters>> known_;
};

}  // namespace

void Publish(const std::shared_ptr<SharedParameters>& parameters) { Registry::Get().Add(parameters); }

ShareTicket TicketOf(const SharedParameters& parameters) { return {Registry::Get().process(), parameters.id}; }

std::shared_ptr<SharedParameters> FindShared(const ShareTicket& ticket) {
  if (ticket.process != Registry::Get().process()) {
    FailureDetails details;
    details.hint = "Memory is shared between the threads of one process. Between processes, send net.toBuffer().";
    throw Failure("INPUT", "This handle was not made by share() in this process.", std::move(details));
  }
  std::shared_ptr<SharedParameters> parameters = Registry::Get().Find(ticket.id);
  if (parameters) return parameters;
  FailureDetails details;
  details.hint = "Dispose the net that was shared only after the others have attached to it.";
  throw Failure("DISPOSED", "Nobody holds these parameters any more.", std::move(details));
}

}  // namespace caffe_node
